{{ config(partition_by=['event_date']) }}

-- Which subscriber was in which area on which day, at every area level as if it were the only one.

with

cell_visits as (

    select * from {{ ref('int_cell_visits') }}

),

areas_by_level as (

    select * from {{ ref('int_areas_by_level') }}

),

-- Everything below is by subscriber and day: one shuffle here serves all of it.
cell_visits_together as (

    select /*+ repartition(subscriber_id, event_date) */ *
    from cell_visits

),

area_visits as (

    select /*+ broadcast(areas_by_level) */
        cell_visits_together.subscriber_id,
        cell_visits_together.key_id,
        areas_by_level.area_level,
        areas_by_level.area_id,
        cell_visits_together.event_date,
        bit_or(cell_visits_together.hours_seen) as hours_seen,
        min(cell_visits_together.first_event_at) as first_event_at,
        max(cell_visits_together.last_event_at) as last_event_at
    from cell_visits_together
    inner join areas_by_level
        on cell_visits_together.area_id = areas_by_level.finest_area_id
    group by
        cell_visits_together.subscriber_id,
        cell_visits_together.key_id,
        areas_by_level.area_level,
        areas_by_level.area_id,
        cell_visits_together.event_date

),

area_visits_counted as (

    select
        *,
        count(*) over (partition by subscriber_id, event_date, area_level) as n_areas_that_day
    from area_visits

),

final as (

    select /*+ rebalance(event_date) */
        subscriber_id,
        key_id,
        area_level,
        area_id,
        n_areas_that_day,
        hours_seen,
        first_event_at,
        last_event_at,
        event_date
    from area_visits_counted

)

select * from final
