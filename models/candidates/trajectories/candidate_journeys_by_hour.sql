-- People who set out at an hour of the day, on weekdays and on weekends, in a month. People only:
-- numbers of journeys by hour would add up to those of journeys_od, over so many suppressed table
-- cells that nobody could tell what the sum reveals.

with

journeys as (

    select * from {{ ref('int_journeys_by_level') }}

),

travellers as (

    select
        date_trunc('month', departed_at) as month_start,
        area_level,
        from_area_id as area_id,
        case when weekday(departed_at) < 5 then 'weekday' else 'weekend' end as day_type,
        hour(departed_at) as hour_of_day,
        subscriber_id,
        {{ person_key('subscriber_id') }} as person_key
    from journeys
    group by
        date_trunc('month', departed_at),
        area_level,
        from_area_id,
        case when weekday(departed_at) < 5 then 'weekday' else 'weekend' end,
        hour(departed_at),
        subscriber_id

),

final as (

    select
        'month' as period,
        month_start as period_start,
        area_level,
        area_id,
        day_type,
        hour_of_day,
        count(*) as n_subscribers,
        sum(person_key) as people_key
    from travellers
    group by
        month_start,
        area_level,
        area_id,
        day_type,
        hour_of_day

)

select * from final
