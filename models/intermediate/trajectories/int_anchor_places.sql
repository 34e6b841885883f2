-- Where a subscriber lives and works, as far as stays show it: home is the cell with most nights;
-- work is the cell with most weekdays (at least two) that is farther from home than stop_radius_km.
-- Ties: the most recent such day, then the smaller cell_number.

with

stay_days as (

    select * from {{ ref('int_stay_days') }}

),

cell_site_versions as (

    select * from {{ ref('int_cell_site_versions') }}

),

places as (

    select
        subscriber_id,
        key_id,
        cell_number,
        count(distinct event_date) filter (where is_night) as n_nights,
        max(event_date) filter (where is_night) as last_night,
        count(distinct event_date) filter (where is_working_hours) as n_weekdays,
        max(event_date) filter (where is_working_hours) as last_weekday
    from stay_days
    group by
        subscriber_id,
        key_id,
        cell_number

),

places_located as (

    select /*+ broadcast(cell_site_versions) */
        places.*,
        cell_site_versions.longitude,
        cell_site_versions.latitude
    from places
    inner join cell_site_versions
        on places.cell_number = cell_site_versions.cell_number

),

nights_ranked as (

    select
        *,
        row_number() over (
            partition by subscriber_id order by n_nights desc, last_night desc, cell_number asc
        ) as place_rank
    from places_located
    where n_nights > 0

),

homes as (

    select * from nights_ranked
    where place_rank = 1

),

weekdays_ranked as (

    select
        places_located.*,
        row_number() over (
            partition by places_located.subscriber_id
            order by
                places_located.n_weekdays desc,
                places_located.last_weekday desc,
                places_located.cell_number asc
        ) as place_rank
    from places_located
    left join homes
        on places_located.subscriber_id = homes.subscriber_id
    where
        places_located.n_weekdays > 1
        and (
            homes.subscriber_id is null
            or {{ great_circle_km(
                'homes.longitude', 'homes.latitude',
                'places_located.longitude', 'places_located.latitude'
            ) }} > {{ var('stop_radius_km') }}
        )

),

final as (

    select
        subscriber_id,
        key_id,
        'home' as label,
        cell_number,
        longitude,
        latitude,
        n_nights as n_days
    from homes

    union all

    select
        subscriber_id,
        key_id,
        'work' as label,
        cell_number,
        longitude,
        latitude,
        n_weekdays as n_days
    from weekdays_ranked
    where place_rank = 1

)

select * from final
