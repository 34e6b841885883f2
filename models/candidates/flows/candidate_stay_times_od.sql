-- Subscribers who went straight from one area to another on a day, and how long they were in both:
-- the whole time from their arrival until they were seen elsewhere, on whatever days. Who went
-- several times has the mean of these times.

with

spells as (

    select * from {{ ref('int_spells_by_level') }}

),

spells_with_origin as (

    select
        *,
        lag(area_id) over in_order as from_area_id,
        lag(n_hours) over in_order as n_hours_before
    from spells
    window
        in_order as (partition by subscriber_id, area_level order by spell_number)

),

people as (

    select
        event_date,
        area_level,
        from_area_id,
        area_id as to_area_id,
        {{ person_key('subscriber_id') }} as person_key,
        avg(n_hours_before) as hours_at_origin,
        avg(n_hours) as hours_at_destination
    from spells_with_origin
    where event_date = date_before
    group by
        event_date,
        area_level,
        from_area_id,
        area_id,
        subscriber_id

),

final as (

    select
        'day' as period,
        cast(event_date as timestamp) as period_start,
        area_level,
        from_area_id,
        to_area_id,
        count(*) as n_subscribers,
        sum(person_key) as people_key,
        avg(hours_at_origin) as mean_hours_at_origin,
        avg(hours_at_destination) as mean_hours_at_destination,
        sum(hours_at_origin) as total_hours_at_origin,
        max(hours_at_origin) as largest_hours_at_origin,
        {{ second_largest('hours_at_origin') }} as second_largest_hours_at_origin,
        sum(hours_at_destination) as total_hours_at_destination,
        max(hours_at_destination) as largest_hours_at_destination,
        {{ second_largest('hours_at_destination') }} as second_largest_hours_at_destination
    from people
    group by
        event_date,
        area_level,
        from_area_id,
        to_area_id

)

select * from final
