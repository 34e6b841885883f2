-- The cell where a subscriber spent most half hours over all nights of the study; ties go to the
-- one seen first. A subscriber without an event at night has none.

with

night_half_hours as (

    select * from {{ ref('int_profile_half_hours') }}
    where part_of_day = 'night'

),

cells as (

    select
        subscriber_id,
        key_id,
        cell_rank,
        sum(n_half_hours) as n_half_hours,
        min(first_half_hour) as first_half_hour
    from night_half_hours
    group by
        subscriber_id,
        key_id,
        cell_rank

),

final as (

    select
        subscriber_id,
        key_id,
        min_by(cell_rank, struct(-n_half_hours, first_half_hour)) as home_cell_rank
    from cells
    group by
        subscriber_id,
        key_id

)

select * from final
