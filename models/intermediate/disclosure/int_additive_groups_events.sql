-- Numbers of events that add up: areas to the area they lie in, hours to their day. Everybody
-- present made an event, so a published head count nearly tells the number of events: a cell is
-- withheld in count_events and count_subscribers, or in neither.

{% set area_cell = ['period', 'period_start', 'area_level', 'area_id'] %}

with

event_counts as (

    select
        *,
        {{ table_cell('count_events', area_cell) }} as table_cell
    from {{ ref('candidate_count_events') }}

),

area_parents as (

    select * from {{ ref('int_area_parents') }}

),

areas_in_areas as (

    select
        'events_areas' as relation_id,
        'sum' as kind,
        parents.table_cell as group_id,
        parents.table_cell as parent_cell,
        parents.n_subscribers as parent_n_subscribers,
        children.table_cell,
        children.n_subscribers,
        children.people_key
    from event_counts as children
    inner join area_parents
        on
            children.area_level = area_parents.area_level
            and children.area_id = area_parents.area_id
    inner join event_counts as parents
        on
            area_parents.parent_level = parents.area_level
            and area_parents.parent_area_id = parents.area_id
            and children.period = parents.period
            and children.period_start = parents.period_start

),

hours_in_days as (

    select
        'events_hours' as relation_id,
        'sum' as kind,
        day_counts.table_cell as group_id,
        day_counts.table_cell as parent_cell,
        day_counts.n_subscribers as parent_n_subscribers,
        hour_counts.table_cell,
        hour_counts.n_subscribers,
        hour_counts.people_key
    from event_counts as hour_counts
    inner join event_counts as day_counts
        on
            date_trunc('day', hour_counts.period_start) = day_counts.period_start
            and hour_counts.area_level = day_counts.area_level
            and hour_counts.area_id = day_counts.area_id
    where
        hour_counts.period = 'hour'
        and day_counts.period = 'day'

),

heads_behind_events as (

    select
        'events_heads' as relation_id,
        'sum' as kind,
        table_cell as group_id,
        {{ table_cell('count_subscribers', area_cell) }} as parent_cell,
        n_subscribers as parent_n_subscribers,
        table_cell,
        n_subscribers,
        people_key
    from event_counts

),

final as (

    select * from areas_in_areas
    union all
    select * from hours_in_days
    union all
    select * from heads_behind_events

)

select * from final
