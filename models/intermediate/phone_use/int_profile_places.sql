-- Where a subscriber was in each clock half hour with an event of any type: the cell with most
-- events in it, ties to the one seen first. The whole day, the day and the night are computed
-- separately, because 07:00:00 still belongs to the night and shares its half hour with the day.

with

events as (

    select /*+ repartition(subscriber_id) */ * from {{ ref('int_profile_events') }}

),

events_by_part_of_day as (

    select
        subscriber_id,
        key_id,
        explode(array('allday', part_of_day)) as day_part,
        half_hour_start,
        cell_id,
        event_at,
        longitude,
        latitude,
        part_of_week,
        week_start,
        event_date
    from events

),

cells as (

    select
        subscriber_id,
        key_id,
        day_part,
        half_hour_start,
        cell_id,
        count(*) as n_events,
        min(event_at) as first_seen_at,
        min_by(longitude, event_at) as longitude,
        min_by(latitude, event_at) as latitude,
        part_of_week,
        week_start,
        event_date
    from events_by_part_of_day
    group by
        subscriber_id,
        key_id,
        day_part,
        half_hour_start,
        cell_id,
        part_of_week,
        week_start,
        event_date

),

cells_ranked as (

    select
        *,
        row_number() over (
            partition by subscriber_id, day_part, half_hour_start
            order by n_events desc, first_seen_at asc, cell_id asc
        ) as cell_rank
    from cells

),

final as (

    select
        subscriber_id,
        key_id,
        part_of_week,
        day_part as part_of_day,
        half_hour_start,
        cell_id,
        longitude,
        latitude,
        week_start,
        event_date
    from cells_ranked
    where cell_rank = 1

)

select * from final
