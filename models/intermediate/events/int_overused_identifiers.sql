{{ config(
    meta={'is_check': true, 'retention': 'subscriber'},
    post_hook="{{ stop_where_overused(this) }}"
) }}

-- Identifiers that cannot be one person: a placeholder that no list knows, or many lines under one
-- number. Rule: at least a hundredth of all events, ten times as many as the median subscriber, and
-- at three cells in one minute or at ten in one hour. The post-hook stops the build where one has
-- more than max_subscriber_share of all events: it would count as one more person wherever it is.

with

events as (

    select * from {{ ref('int_events_checked') }}
    where event_date is not null

),

subscribers as (

    select
        subscriber_id,
        key_id,
        count(*) as n_events
    from events
    group by
        subscriber_id,
        key_id

),

totals as (

    select
        sum(n_events) as n_events_of_all,
        median(n_events) as n_events_of_median
    from subscribers

),

frequent as (

    select
        subscribers.subscriber_id,
        subscribers.key_id,
        subscribers.n_events,
        subscribers.n_events / totals.n_events_of_all as share_of_events
    from subscribers
    cross join totals
    where
        subscribers.n_events >= 0.01 * totals.n_events_of_all
        and subscribers.n_events >= 10 * totals.n_events_of_median

),

minutes as (

    select /*+ broadcast(frequent) */
        events.subscriber_id,
        date_trunc('minute', events.event_at) as minute_start,
        collect_set(events.cell_id) as cells
    from events
    left semi join frequent
        on events.subscriber_id = frequent.subscriber_id
    group by
        events.subscriber_id,
        date_trunc('minute', events.event_at)

),

hours as (

    select
        subscriber_id,
        date_trunc('hour', minute_start) as hour_start,
        max(size(cells)) as n_cells_in_minute,
        size(array_distinct(flatten(collect_list(cells)))) as n_cells_in_hour
    from minutes
    group by
        subscriber_id,
        date_trunc('hour', minute_start)

),

busiest as (

    select
        subscriber_id,
        max(n_cells_in_minute) as n_cells_in_minute,
        max(n_cells_in_hour) as n_cells_in_hour
    from hours
    group by subscriber_id

),

final as (

    select
        frequent.subscriber_id,
        frequent.key_id,
        frequent.n_events,
        frequent.share_of_events,
        busiest.n_cells_in_minute,
        busiest.n_cells_in_hour
    from frequent
    inner join busiest
        on frequent.subscriber_id = busiest.subscriber_id
    where
        busiest.n_cells_in_minute >= 3
        or busiest.n_cells_in_hour >= 10

)

select * from final
