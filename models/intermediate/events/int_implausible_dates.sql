{{ config(
    meta={'retention': 'none', 'is_list': true},
    post_hook="{{ stop_where_implausible(this) }}"
) }}

-- Dates on which no event of the study can be: a clock that was wrong writes 1970 or 2036. Without
-- a study window, more than a year without any event ends a stretch of days, and the study is that
-- with most events; ties: the first one. The dates of the others are here. With a window there are
-- none: it says what the study is.

with

events as (

    select * from {{ ref('int_events_checked') }}
    where event_date is not null

),

dates as (

    select
        event_date,
        count(*) as n_events
    from events
    group by event_date

),

gaps as (

    select
        *,
        event_date - lag(event_date) over (order by event_date) > interval '366' day as is_after_gap
    from dates

),

stretches as (

    select
        event_date,
        n_events,
        count_if(is_after_gap) over (order by event_date) as stretch_number
    from gaps

),

stretches_counted as (

    select
        event_date,
        n_events,
        stretch_number,
        sum(n_events) over (partition by stretch_number) as n_events_of_stretch
    from stretches

),

stretches_ranked as (

    select
        event_date,
        n_events,
        dense_rank() over (order by n_events_of_stretch desc, stretch_number asc) as stretch_rank
    from stretches_counted

),

final as (

    select
        event_date,
        n_events
    from stretches_ranked
    where
        stretch_rank > 1
        and ({{ date_var('study_start') }} is null or {{ date_var('study_end') }} is null)

)

select * from final
