-- The cell where a subscriber spent most half hours over all nights of the study; ties go to the
-- one seen first. A subscriber without an event at night has none.

with

night_places as (

    select * from {{ ref('int_profile_places') }}
    where part_of_day = 'night'

),

cells as (

    select
        subscriber_id,
        key_id,
        cell_id,
        count(*) as n_half_hours,
        min(half_hour_start) as first_half_hour
    from night_places
    group by
        subscriber_id,
        key_id,
        cell_id

),

final as (

    select
        subscriber_id,
        key_id,
        min_by(cell_id, struct(-n_half_hours, first_half_hour)) as home_cell_id
    from cells
    group by
        subscriber_id,
        key_id

)

select * from final
