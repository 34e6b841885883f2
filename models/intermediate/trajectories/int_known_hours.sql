{{ config(partition_by=['week_start']) }}

-- The number of days of a week on which a subscriber was known to stay, and to move, at the middle
-- of each hour of the day. Staying: within a stay. Moving: between the ends of a journey of at most
-- two hours (multimno's gap of a move), or certainly between the ends of a longer one. Of a stay
-- only the time between its events counts, so not a stay without two events.

with

stays as (

    select * from {{ ref('int_stops') }}
    where
        stop_type = 'stay'
        and arrived_at < left_at

),

journeys as (

    select * from {{ ref('int_journeys') }}

),

-- Hours are numbered from 1970; the middle of an hour is a whole number.
stretches as (

    select
        subscriber_id,
        key_id,
        'staying' as activity,
        ceil({{ hour_number('arrived_at') }}) as first_hour,
        floor({{ hour_number('left_at') }}) as last_hour
    from stays

    union all

    -- Without the two ends, which belong to the stays.
    select
        subscriber_id,
        key_id,
        'moving' as activity,
        case
            when duration_max_minutes <= 120 then floor({{ hour_number('departed_after') }}) + 1
            else floor({{ hour_number('departed_before') }}) + 1
        end as first_hour,
        case
            when duration_max_minutes <= 120 then ceil({{ hour_number('arrived_before') }}) - 1
            else ceil({{ hour_number('arrived_after') }}) - 1
        end as last_hour
    from journeys

),

hours as (

    select
        subscriber_id,
        key_id,
        activity,
        explode(sequence(first_hour, last_hour)) as hour_number
    from stretches
    where first_hour <= last_hour

),

-- One stay may end at the instant at which the next begins, and that instant may be the middle of
-- an hour. So days are counted as bits, and each day counts once.
days as (

    select
        *,
        shiftleft(1, cast(pmod(floor(hour_number / 24), 7) as int)) as day_bit
    from hours

),

final as (

    select /*+ rebalance(week_start) */
        subscriber_id,
        key_id,
        cast(pmod(hour_number, 24) as int) as hour_of_day,
        bit_count(bit_or(case when activity = 'staying' then day_bit else 0 end))
            as n_days_staying,
        bit_count(bit_or(case when activity = 'moving' then day_bit else 0 end))
            as n_days_moving,
        cast(date_trunc('week', timestamp_seconds(hour_number * 3600)) as date) as week_start
    from days
    group by
        subscriber_id,
        key_id,
        pmod(hour_number, 24),
        cast(date_trunc('week', timestamp_seconds(hour_number * 3600)) as date)

)

select * from final
