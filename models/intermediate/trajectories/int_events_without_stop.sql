-- Located events that can be in no stop, because the cell has no coordinates: by area, how many
-- there are and of how many people, so that the stops of an area are not taken for all that was
-- there.

with

events as (

    select * from {{ ref('int_events_located') }}

),

cell_site_versions as (

    select * from {{ ref('int_cell_site_versions') }}
    where
        longitude is null
        and area_id is not null

),

final as (

    select /*+ broadcast(cell_site_versions) */
        cell_site_versions.area_id,
        count(distinct events.cell_id) as n_cells,
        count(*) as n_events,
        count(distinct events.subscriber_id) as n_subscribers
    from events
    inner join cell_site_versions
        on
            events.cell_id = cell_site_versions.cell_id
            and events.event_at >= cell_site_versions.valid_from
            and events.event_at < cell_site_versions.valid_to
    group by cell_site_versions.area_id

)

select * from final
