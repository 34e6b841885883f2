-- Stops by the day on which they began, and the people who made them; stays and pass-bys
-- separately.

with

stops as (

    select * from {{ ref('int_stop_areas') }}

),

stops_by_subscriber as (

    select
        cast(arrived_at as date) as arrival_date,
        area_level,
        area_id,
        stop_type,
        subscriber_id,
        {{ person_key('subscriber_id') }} as person_key,
        count(*) as n_stops
    from stops
    group by
        cast(arrived_at as date),
        area_level,
        area_id,
        stop_type,
        subscriber_id

),

final as (

    select
        'day' as period,
        cast(arrival_date as timestamp) as period_start,
        area_level,
        area_id,
        stop_type,
        count(*) as n_subscribers,
        sum(person_key) as people_key,
        sum(n_stops) as n_stops
    from stops_by_subscriber
    group by
        arrival_date,
        area_level,
        area_id,
        stop_type

)

select * from final
