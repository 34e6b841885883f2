-- Who listens, how much and when: one row per customer with an accepted event (the seed's live
-- table). All steps group by customer, so the events are brought together by customer once.

with

events as (

    select /*+ repartition(customer_id) */
        customer_id,
        key_id,
        event_id,
        track_id,
        is_mobile,
        zip,
        event_at,
        event_date
    from {{ ref('int_listening_events') }}
    where event_date is not null

),

customers as (

    select * from {{ ref('int_customers_checked') }}
    where reject_reason is null

),

-- Of equal rows one counts; the others are in rejected_listener_rows.
events_once as (

    select
        customer_id,
        key_id,
        event_id,
        track_id,
        is_mobile,
        zip,
        event_at,
        event_date,
        hour(event_at) as hour_of_day
    from events
    group by
        customer_id,
        key_id,
        event_id,
        track_id,
        is_mobile,
        zip,
        event_at,
        event_date

),

listening_counted as (

    select
        customer_id,
        key_id,
        count(*) as n_events,
        count_if(hour_of_day >= 5 and hour_of_day < 12) as n_morning,
        count_if(hour_of_day >= 12 and hour_of_day < 17) as n_afternoon,
        count_if(hour_of_day >= 17 and hour_of_day < 22) as n_evening,
        count_if(hour_of_day < 5 or hour_of_day >= 22) as n_night,
        count_if(is_mobile) as n_mobile,
        count(distinct event_date) as n_active_days,
        max_by(zip, struct(event_at, event_id, zip)) filter (where zip is not null) as latest_zip
    from events_once
    group by
        customer_id,
        key_id

),

-- Copies make no track more.
tracks_counted as (

    select
        customer_id,
        count(distinct track_id) as n_unique_tracks
    from events
    group by customer_id

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
        listening_counted.latest_zip,
        customers.customer_id is not null as is_listed,
        customers.gender,
        customers.level,
        customers.campaign,
        customers.status,
        customers.linked_apps
    from listening_counted
    inner join tracks_counted
        on listening_counted.customer_id = tracks_counted.customer_id
    left join customers
        on listening_counted.customer_id = customers.customer_id

)

select * from final
