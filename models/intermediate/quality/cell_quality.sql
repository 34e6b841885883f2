-- Every cell that is listed or seen: whether it has moved, has never been seen, or is not listed.

with

cell_site_versions as (

    select * from {{ ref('int_cell_site_versions') }}

),

events as (

    select * from {{ ref('int_events_checked') }}

),

places as (

    select
        *,
        lag(longitude) over (of_cell) as longitude_before,
        lag(latitude) over (of_cell) as latitude_before,
        lag(area_id) over (of_cell) as area_id_before,
        lag(valid_from) over (of_cell) is not null as is_later
    from cell_site_versions
    window of_cell as (partition by cell_id order by valid_from)

),

moves as (

    select
        *,
        {{ great_circle_km('longitude_before', 'latitude_before', 'longitude', 'latitude') }}
            as moved_km
    from places

),

-- As far as sites are known: 100 m are the same site written with fewer decimals.
listed as (

    select
        cell_id,
        count_if(is_later and (moved_km > 0.1 or area_id is distinct from area_id_before))
            as n_moves,
        max(case when is_later and moved_km > 0.1 then valid_from end) as last_moved_at,
        round(max(moved_km), 3) as farthest_move_km
    from moves
    group by cell_id

),

seen as (

    select
        cell_id,
        count(*) as n_events,
        count(distinct event_date) as n_days_seen,
        min(event_date) as first_seen_date,
        max(event_date) as last_seen_date
    from events
    where
        event_date is not null
        and cell_id is not null
    group by cell_id

),

-- By the id as it may be shown: of a cell that is written like no listed one, its shape.
not_listed as (

    select
        unplaced_cell as cell_id,
        count(*) as n_events
    from events
    where unplaced_reason = 'unknown_cell'
    group by unplaced_cell

),

final as (

    select
        listed.cell_id,
        true as is_listed,
        seen.cell_id is not null as is_seen,
        coalesce(seen.n_events, 0) as n_events,
        coalesce(seen.n_days_seen, 0) as n_days_seen,
        seen.first_seen_date,
        seen.last_seen_date,
        listed.n_moves,
        listed.last_moved_at,
        listed.farthest_move_km
    from listed
    left join seen
        on listed.cell_id = seen.cell_id

    union all

    select
        cell_id,
        false as is_listed,
        true as is_seen,
        n_events,
        cast(null as bigint) as n_days_seen,
        cast(null as date) as first_seen_date,
        cast(null as date) as last_seen_date,
        0 as n_moves,
        cast(null as timestamp) as last_moved_at,
        cast(null as double) as farthest_move_km
    from not_listed

)

select * from final
