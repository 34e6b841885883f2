{{ config(materialized='view') }}

-- Where a subscriber was in each clock half hour with an event of any type: the cell with most
-- events in it, ties to the one seen first. The whole day, the day and the night are computed
-- separately, because 07:00:00 still belongs to the night and shares its half hour with the day. A
-- view, because it is long and read only once.

with

events as (

    select * from {{ ref('int_profile_events') }}
    where cell_rank is not null

),

cells_by_part_of_day as (

    select
        subscriber_id,
        key_id,
        half_hour_start,
        part_of_day,
        cell_rank,
        count(*) as n_events,
        min(event_at) as first_seen_at,
        min_by(cell_number, event_at) as cell_number
    from events
    group by
        subscriber_id,
        key_id,
        half_hour_start,
        part_of_day,
        cell_rank

),

parts_of_day as (

    select
        * except (part_of_day),
        explode(array('allday', part_of_day)) as part_of_day
    from cells_by_part_of_day

),

cells as (

    select
        subscriber_id,
        key_id,
        half_hour_start,
        part_of_day,
        cell_rank,
        sum(n_events) as n_events,
        min(first_seen_at) as first_seen_at,
        min_by(cell_number, first_seen_at) as cell_number
    from parts_of_day
    group by
        subscriber_id,
        key_id,
        half_hour_start,
        part_of_day,
        cell_rank

),

cells_in_order as (

    select
        *,
        row_number() over (
            partition by subscriber_id, half_hour_start, part_of_day
            order by n_events desc, first_seen_at asc, cell_rank asc
        ) as cell_position
    from cells

),

final as (

    select
        subscriber_id,
        key_id,
        part_of_day,
        half_hour_start,
        cell_rank,
        cell_number,
        cast(half_hour_start as date) as event_date
    from cells_in_order
    where cell_position = 1

)

select * from final
