{{ config(meta={'retention': 'none'}) }}

-- The study window and the reference period of home areas as dates, both ends included: the vars
-- where they are set, else the days of the accepted events.

with

events as (

    select * from {{ ref('int_events_accepted') }}

),

study as (

    select
        coalesce({{ date_var('study_start') }}, min(event_date)) as study_start_date,
        coalesce({{ date_var('study_end') }}, max(event_date)) as study_end_date
    from events

),

final as (

    select
        study_start_date,
        study_end_date,
        coalesce({{ date_var('home_start') }}, study_start_date) as home_start_date,
        coalesce({{ date_var('home_end') }}, study_end_date) as home_end_date
    from study

)

select * from final
