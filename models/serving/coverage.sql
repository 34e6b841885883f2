-- How well the network covers an area: its cells, and how many of its people are seen. Of published
-- things only, so it says nothing that areas and the marts do not say.

with

areas as (

    select * from {{ ref('areas') }}
    where is_current

),

count_residents as (

    select * from {{ ref('count_residents') }}
    where period = 'study'

),

count_subscribers as (

    select * from {{ ref('count_subscribers') }}
    where period = 'day' and is_complete

),

count_events as (

    select * from {{ ref('count_events') }}
    where period = 'day' and is_complete

),

-- A median of the days that are left would be too high: days with few people are withheld.
usual_subscribers as (

    select
        area_level,
        area_id,
        count(*) as n_days,
        count_if(is_suppressed) as n_days_withheld,
        case
            when not bool_or(is_suppressed) then cast(median(n_subscribers) as double)
        end as usual_subscribers
    from count_subscribers
    group by
        area_level,
        area_id

),

usual_events as (

    select
        area_level,
        area_id,
        case when not bool_or(is_suppressed) then cast(median(n_events) as double) end
            as usual_events
    from count_events
    group by
        area_level,
        area_id

),

final as (

    select
        areas.area_level,
        areas.area_id,
        areas.population,
        areas.has_cells,
        areas.n_cells,
        count_residents.n_subscribers as n_residents,
        round(try_divide(areas.population, count_residents.n_subscribers), 1)
            as people_per_resident,
        coalesce(usual_subscribers.n_days, 0) as n_days,
        coalesce(usual_subscribers.n_days_withheld, 0) as n_days_withheld,
        usual_subscribers.usual_subscribers,
        usual_events.usual_events
    from areas
    left join count_residents
        on
            areas.area_level = count_residents.area_level
            and areas.area_id = count_residents.area_id
    left join usual_subscribers
        on
            areas.area_level = usual_subscribers.area_level
            and areas.area_id = usual_subscribers.area_id
    left join usual_events
        on
            areas.area_level = usual_events.area_level
            and areas.area_id = usual_events.area_id

)

select * from final
