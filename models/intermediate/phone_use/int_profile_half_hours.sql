{{ config(partition_by=['week_start']) }}

-- How many half hours a subscriber spent at each cell in a week, by part of the week and of the day
-- (allday, day, night): all that indicators of places need of int_profile_places.

with

places as (

    select
        *,
        {{ part_of_week('event_date') }} as part_of_week,
        cast(date_trunc('week', event_date) as date) as week_start
    from {{ ref('int_profile_places') }}

),

final as (

    select /*+ rebalance(week_start) */
        subscriber_id,
        key_id,
        part_of_week,
        part_of_day,
        cell_rank,
        cell_number,
        count(*) as n_half_hours,
        min(half_hour_start) as first_half_hour,
        week_start
    from places
    group by
        subscriber_id,
        key_id,
        part_of_week,
        part_of_day,
        cell_rank,
        cell_number,
        week_start

)

select * from final
