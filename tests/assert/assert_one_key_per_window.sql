{{ config(group='pipeline') }}

-- The homes of each period hold pseudonyms of one key, the same key as that of the events (homes
-- and events may have been built at different times).

with

events as (

    select * from {{ ref('int_events_checked') }}

),

home_areas as (

    select * from {{ ref('int_home_areas') }}

),

keys_by_window as (

    select
        'events and homes' as period,
        cast(null as timestamp) as period_start,
        key_id
    from events
    where event_date is not null
    group by key_id
    union all
    select
        'events and homes' as period,
        cast(null as timestamp) as period_start,
        key_id
    from home_areas
    group by key_id
    union all
    select
        period,
        period_start,
        key_id
    from home_areas
    group by
        period,
        period_start,
        key_id

),

final as (

    select
        period,
        period_start,
        count(distinct coalesce(key_id, 'none')) as n_keys
    from keys_by_window
    group by
        period,
        period_start
    having count(distinct coalesce(key_id, 'none')) > 1

)

select * from final
