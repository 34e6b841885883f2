-- Days on which a cell, or a whole area, was silent for so long that it was down and not merely
-- quiet. A day without any event is here too, which has no row in a table of events.

with

silent_hours as (

    select * from {{ ref('int_silent_hours') }}

),

place_days as (

    select * from {{ ref('int_place_days') }}

),

-- So surprising that among all days of all places of the level one is to be expected by chance.
thresholds as (

    select
        place_level,
        ln(count(*)) as least_surprise
    from place_days
    group by place_level

),

-- Silent hours between the same two active hours have one number.
hours_numbered as (

    select
        *,
        sum(is_active) over (place_until_now) as silence_number,
        sum(is_active) over (place_day) as n_active_hours,
        sum(chance_of_events) over (place_day) as usual_active_hours
    from silent_hours
    window
        place_until_now as (
            partition by place_level, place_id, place_version
            order by hour_start
        ),
        place_day as (partition by place_level, place_id, place_version, event_date)

),

hours_of_silences as (

    select
        *,
        sum(surprise) over (silence) as surprise_of_silence,
        min(hour_start) over (silence) as silent_from,
        timestampadd(hour, 1, max(hour_start) over (silence)) as silent_until
    from hours_numbered
    where is_active = 0
    window silence as (partition by place_level, place_id, place_version, silence_number)

),

hours_of_outages as (

    select hours_of_silences.*
    from hours_of_silences
    inner join thresholds
        on
            hours_of_silences.place_level = thresholds.place_level
            and hours_of_silences.surprise_of_silence >= thresholds.least_surprise

),

-- Of a silence that begins or ends at night, a few hours may lie on a day that they say nothing of.
final as (

    select
        place_level,
        place_id,
        min(silent_from) as silent_from,
        max(silent_until) as silent_until,
        count(*) as n_silent_hours,
        max(n_active_hours) as n_active_hours,
        round(max(usual_active_hours), 1) as usual_active_hours,
        max(n_active_hours) = 0 as is_total,
        round(max(surprise_of_silence), 2) as surprise,
        event_date
    from hours_of_outages
    group by
        place_level,
        place_id,
        place_version,
        event_date
    having sum(surprise) >= 1

)

select * from final
