{{ config(materialized='view') }}

-- The days of each stay, and whether the stay is evidence of living or working there: it covers 3
-- o'clock at night, or meets the hours from 10 to 16 on a day from Monday to Friday. Only the time
-- of certain presence counts, so an inferred stay does not.

with

stays as (

    select * from {{ ref('int_stops') }}
    where
        stop_type = 'stay'
        and arrived_at < left_at

),

days as (

    select
        subscriber_id,
        key_id,
        stop_number,
        cell_number,
        arrived_at,
        left_at,
        explode(sequence(cast(arrived_at as date), cast(left_at as date))) as event_date
    from stays

),

final as (

    select
        subscriber_id,
        key_id,
        stop_number,
        cell_number,
        arrived_at <= timestampadd(hour, 3, cast(event_date as timestamp))
        and left_at >= timestampadd(hour, 3, cast(event_date as timestamp)) as is_night,
        weekday(event_date) < 5
        and arrived_at < timestampadd(hour, 16, cast(event_date as timestamp))
        and left_at > timestampadd(hour, 10, cast(event_date as timestamp)) as is_working_hours,
        event_date
    from days

)

select * from final
