-- Who went from one area to another on a day, and who came to it from an earlier day. The two are
-- kinds of their own and not to be added: the same people may be in both. Of published numbers
-- only, so it says nothing that the two matrices do not say.

with

same_day as (

    select * from {{ ref('od_matrix_directed_all_pairs') }}
    where from_area_id <> to_area_id

),

between_days as (

    select * from {{ ref('od_matrix_directed_between_days') }}

),

final as (

    select
        same_day.period,
        same_day.period_start,
        same_day.area_level,
        same_day.from_area_id,
        same_day.to_area_id,
        same_day.n_subscribers as n_subscribers_same_day,
        between_days.n_subscribers as n_subscribers_between_days,
        same_day.is_suppressed as is_suppressed_same_day,
        between_days.is_suppressed as is_suppressed_between_days,
        same_day.is_complete
    from same_day
    inner join between_days
        on
            same_day.period_start = between_days.period_start
            and same_day.area_level = between_days.area_level
            and same_day.from_area_id = between_days.from_area_id
            and same_day.to_area_id = between_days.to_area_id

)

select * from final
