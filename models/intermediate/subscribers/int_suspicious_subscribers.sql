-- Subscribers that are no single person: machines, which use the network at regular intervals, and
-- numbers that are used at two places at once (docs/definitions.md, Suspicious subscriber).

with

events as (

    select * from {{ ref('int_events_checked') }}

),

cell_site_versions as (

    select * from {{ ref('int_cell_site_versions') }}

),

events_placed as (

    select /*+ broadcast(cell_site_versions) */
        events.subscriber_id,
        events.key_id,
        events.cell_id,
        events.event_at,
        events.event_date,
        cell_site_versions.longitude,
        cell_site_versions.latitude
    from events
    inner join cell_site_versions
        on
            events.cell_id = cell_site_versions.cell_id
            and events.event_at >= cell_site_versions.valid_from
            and events.event_at < cell_site_versions.valid_to
    where events.event_date is not null and events.area_id is not null

),

steps as (

    select
        *,
        {{ seconds_between('lag(event_at) over (trace)', 'event_at') }} as n_seconds,
        {{ great_circle_km(
            'lag(longitude) over (trace)', 'lag(latitude) over (trace)', 'longitude', 'latitude'
        ) }} as distance_km
    from events_placed
    window trace as (partition by subscriber_id order by event_at, cell_id, longitude, latitude)

),

steps_judged as (

    select
        *,
        distance_km > 10 and distance_km * 3600 > 200 * n_seconds as is_impossible,
        distance_km > 50 and distance_km * 3600 > 200 * n_seconds as is_impossible_and_far,
        -- Intervals that differ by less than a tenth are in one band or in two next to each other.
        cast(floor(10 * ln(n_seconds + 1)) as int) as interval_band
    from steps

),

bands as (

    select
        subscriber_id,
        interval_band,
        count(*) as n_steps
    from steps_judged
    where interval_band is not null
    group by
        subscriber_id,
        interval_band

),

bands_joined as (

    select
        *,
        sum(n_steps) over (
            partition by subscriber_id
            order by interval_band
            range between current row and 1 following
        ) as n_regular_steps
    from bands

),

rhythms as (

    select
        subscriber_id,
        max(n_regular_steps) / sum(n_steps) as share_regular
    from bands_joined
    group by subscriber_id

),

traces as (

    select
        subscriber_id,
        max(key_id) as key_id,
        count(*) as n_events,
        count(distinct event_date) as n_days,
        count(n_seconds) as n_steps,
        count_if(is_impossible) as n_impossible_steps,
        count(distinct case when is_impossible_and_far then event_date end) as n_far_days
    from steps_judged
    group by subscriber_id

),

traces_judged as (

    select
        traces.*,
        round(rhythms.share_regular, 4) as share_regular,
        {{ is_machine('traces.n_steps', 'rhythms.share_regular') }} as is_machine,
        {{ is_impossible_traveller('traces') }} as is_impossible_traveller
    from traces
    inner join rhythms
        on traces.subscriber_id = rhythms.subscriber_id

),

final as (

    select * from traces_judged
    where is_machine or is_impossible_traveller

)

select * from final
