-- The diagonal of the origin–destination matrix of all pairs is presence itself: withheld in one,
-- withheld in both. Numbers of journeys add up: days to their week, pairs of areas to the pair
-- around them.

{% set area_cell = ['period', 'period_start', 'area_level', 'area_id'] %}
{% set pair = ['period', 'period_start', 'area_level', 'from_area_id', 'to_area_id'] %}

with

presence as (

    select
        *,
        {{ table_cell('count_subscribers', area_cell) }} as table_cell
    from {{ ref('candidate_count_subscribers') }}
    where period = 'day'

),

od_diagonal as (

    select
        *,
        {{ table_cell('od_matrix_directed_all_pairs', pair) }} as table_cell
    from {{ ref('candidate_od_matrix_directed_all_pairs') }}
    where from_area_id = to_area_id

),

journeys as (

    select
        *,
        {{ table_cell('journeys_od', pair) }} as table_cell
    from {{ ref('candidate_journeys_od') }}

),

area_pair_parents as (

    select * from {{ ref('int_area_pair_parents') }}

),

diagonal_of_presence as (

    select
        'od_presence' as relation_id,
        'sum' as kind,
        presence.table_cell as group_id,
        presence.table_cell as parent_cell,
        presence.n_subscribers as parent_n_subscribers,
        od_diagonal.table_cell,
        od_diagonal.n_subscribers,
        od_diagonal.people_key
    from od_diagonal
    inner join presence
        on
            od_diagonal.period_start = presence.period_start
            and od_diagonal.area_level = presence.area_level
            and od_diagonal.from_area_id = presence.area_id

),

days_in_weeks as (

    select
        'journeys_days' as relation_id,
        'sum' as kind,
        by_week.table_cell as group_id,
        by_week.table_cell as parent_cell,
        by_week.n_subscribers as parent_n_subscribers,
        by_day.table_cell,
        by_day.n_subscribers,
        by_day.people_key
    from journeys as by_day
    inner join journeys as by_week
        on
            date_trunc('week', by_day.period_start) = by_week.period_start
            and by_day.area_level = by_week.area_level
            and by_day.from_area_id = by_week.from_area_id
            and by_day.to_area_id = by_week.to_area_id
    where
        by_day.period = 'day'
        and by_week.period = 'week'

),

pairs_in_pairs as (

    select
        'journeys_areas' as relation_id,
        'sum' as kind,
        parents.table_cell as group_id,
        parents.table_cell as parent_cell,
        parents.n_subscribers as parent_n_subscribers,
        children.table_cell,
        children.n_subscribers,
        children.people_key
    from journeys as children
    inner join area_pair_parents
        on
            children.area_level = area_pair_parents.area_level
            and children.from_area_id = area_pair_parents.from_area_id
            and children.to_area_id = area_pair_parents.to_area_id
    inner join journeys as parents
        on
            area_pair_parents.parent_level = parents.area_level
            and area_pair_parents.parent_from_area_id = parents.from_area_id
            and area_pair_parents.parent_to_area_id = parents.to_area_id
            and children.period = parents.period
            and children.period_start = parents.period_start

),

final as (

    select * from diagonal_of_presence
    union all
    select * from days_in_weeks
    union all
    select * from pairs_in_pairs

)

select * from final
