{{ config(materialized='view') }}

-- Every cell on the days on which it is listed, and every area on all days of the study, with the
-- hours in which there were events: none where a table of events has no row.

with

study_periods as (

    select * from {{ ref('int_study_periods') }}

),

cell_site_versions as (

    select * from {{ ref('int_cell_site_versions') }}

),

area_list as (

    select * from {{ ref('int_area_list') }}

),

active_hours as (

    select * from {{ ref('int_active_hours') }}

),

days as (

    select cast(period_start as date) as event_date
    from study_periods
    where period = 'day'

),

-- A cell that has moved is two places: what is usual at one is not at the other.
places as (

    select
        'cell' as place_level,
        cell_id as place_id,
        cell_number as place_version,
        valid_from,
        valid_to
    from cell_site_versions

    union all

    select
        area_level as place_level,
        area_id as place_id,
        0 as place_version,
        timestamp '0001-01-01 00:00:00' as valid_from,
        timestamp '9999-12-31 00:00:00' as valid_to
    from area_list

),

-- On how many hours of a day a visitor is seen: 1 where everybody comes once.
rhythms as (

    select
        place_level,
        place_id,
        try_divide(sum(n_visit_hours), sum(n_visits)) as hours_of_a_visit
    from active_hours
    group by
        place_level,
        place_id

),

final as (

    select
        places.place_level,
        places.place_id,
        places.place_version,
        places.valid_from,
        places.valid_to,
        rhythms.hours_of_a_visit,
        coalesce(active_hours.hours_seen, 0) as hours_seen,
        days.event_date
    from places
    inner join days
        on
            places.valid_from < cast(date_add(days.event_date, 1) as timestamp)
            and places.valid_to > cast(days.event_date as timestamp)
    -- What nobody has ever been seen at has no usual hours.
    inner join rhythms
        on
            places.place_level = rhythms.place_level
            and places.place_id = rhythms.place_id
    left join active_hours
        on
            places.place_level = active_hours.place_level
            and places.place_id = active_hours.place_id
            and days.event_date = active_hours.event_date

)

select * from final
