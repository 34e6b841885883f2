-- Subscribers who were last seen in `from` on one day, and first in `to` on the next day that they
-- were seen, at most seven days after. The later day counts. Who stays in an area is not in it.

with

area_spells as (

    select * from {{ ref('int_area_spells') }}

),

areas_by_level as (

    select * from {{ ref('int_areas_by_level') }}

),

days as (

    select
        subscriber_id,
        event_date,
        min(first_event_at) as first_event_at,
        max(last_event_at) as last_event_at,
        min_by(area_id, spell_number) as first_area_id,
        max_by(area_id, spell_number) as last_area_id
    from area_spells
    group by
        subscriber_id,
        event_date

),

days_in_order as (

    select
        *,
        lag(last_event_at) over all_days as seen_before_at,
        lag(last_area_id) over all_days as area_before_id
    from days
    window all_days as (partition by subscriber_id order by event_date)

),

moves as (

    select
        subscriber_id,
        event_date,
        area_before_id,
        first_area_id
    from days_in_order
    where
        first_event_at <= timestampadd(day, 7, seen_before_at)
        and area_before_id <> first_area_id

),

final as (

    select
        'day' as period,
        cast(moves.event_date as timestamp) as period_start,
        origin.area_level,
        origin.area_id as from_area_id,
        destination.area_id as to_area_id,
        count(*) as n_subscribers,
        sum({{ person_key('moves.subscriber_id') }}) as people_key
    from moves
    inner join areas_by_level as origin
        on moves.area_before_id = origin.finest_area_id
    inner join areas_by_level as destination
        on
            moves.first_area_id = destination.finest_area_id
            and origin.area_level = destination.area_level
            and origin.area_id <> destination.area_id
    group by
        moves.event_date,
        origin.area_level,
        origin.area_id,
        destination.area_id

)

select * from final
