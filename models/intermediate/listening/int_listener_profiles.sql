{{ config(enabled=has_feed('listening')) }}

-- Who listens, how much and when: one row per customer with an accepted event (the seed's live
-- table). Counts that add up come from int_listener_counts; this model adds what needs single
-- events: distinct tracks, and the zip of the latest event that has one. Copies change neither.

with

events as (

    select
        customer_id,
        track_id,
        event_id,
        event_at,
        zip
    from {{ ref('int_listening_events') }}
    where event_date is not null

),

listening_counted as (

    select * from {{ ref('int_listener_counts') }}

),

customers as (

    select * from {{ ref('int_customers_checked') }}
    where reject_reason is null

),

-- Shuffled by customer once: both steps of the distinct count need that.
tracks_of_customers as (

    select /*+ repartition(customer_id) */
        customer_id,
        track_id
    from events

),

tracks_counted as (

    select
        customer_id,
        count(distinct track_id) as n_unique_tracks
    from tracks_of_customers
    group by customer_id

),

-- The maximum of a text needs a sort of all events, that of a time does not: so the instant is
-- computed first, and only events at that instant are compared.
latest_zips as (

    select
        events.customer_id,
        max_by(events.zip, struct(events.event_id, events.zip)) as latest_zip
    from events
    inner join listening_counted
        on
            events.customer_id = listening_counted.customer_id
            and events.event_at = listening_counted.latest_zip_at
    where events.zip is not null
    group by events.customer_id

),

final as (

    select
        listening_counted.customer_id,
        listening_counted.key_id,
        tracks_counted.n_unique_tracks,
        listening_counted.n_morning,
        listening_counted.n_afternoon,
        listening_counted.n_evening,
        listening_counted.n_night,
        listening_counted.n_mobile,
        listening_counted.n_events,
        listening_counted.n_active_days,
        tracks_counted.n_unique_tracks / listening_counted.n_active_days as unique_tracks_per_day,
        listening_counted.n_morning / listening_counted.n_active_days as morning_per_day,
        listening_counted.n_afternoon / listening_counted.n_active_days as afternoon_per_day,
        listening_counted.n_evening / listening_counted.n_active_days as evening_per_day,
        listening_counted.n_night / listening_counted.n_active_days as night_per_day,
        listening_counted.n_mobile / listening_counted.n_active_days as mobile_per_day,
        listening_counted.n_events / listening_counted.n_active_days as events_per_day,
        latest_zips.latest_zip,
        customers.customer_id is not null as is_listed,
        customers.gender,
        customers.level,
        customers.campaign,
        customers.status,
        customers.linked_apps
    from listening_counted
    inner join tracks_counted
        on listening_counted.customer_id = tracks_counted.customer_id
    left join latest_zips
        on listening_counted.customer_id = latest_zips.customer_id
    left join customers
        on listening_counted.customer_id = customers.customer_id

)

select * from final
