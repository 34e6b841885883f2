{{ config(materialized='view') }}

-- Every row of the event files with the place of its cell at that time, the first reason to reject
-- it that needs no other row, and what may be shown of a wrong value.

with

events as (

    select * from {{ ref('stg_landing__events') }}

),

cell_site_versions as (

    select * from {{ ref('int_cell_site_versions') }}

),

cell_shapes as (

    select distinct {{ shape_of('cell_id') }} as cell_shape
    from cell_site_versions

),

events_placed as (

    select /*+ broadcast(cell_site_versions) */
        events.source_file,
        events.subscriber_id,
        events.key_id,
        events.event_at,
        events.cell_id,
        events.counterpart_id,
        events.event_type,
        events.direction,
        events.duration_s,
        events.volume_mb,
        events.event_at_shown,
        cell_site_versions.area_id,
        case
            when events.reject_reason is not null then events.reject_reason
            when cell_site_versions.cell_id is null then 'unknown_cell'
        end as reject_reason,
        case
            when cell_site_versions.cell_id is null then {{ shape_of('events.cell_id') }}
        end as unknown_cell_shape
    from events
    left join cell_site_versions
        on
            events.cell_id = cell_site_versions.cell_id
            and events.event_at >= cell_site_versions.valid_from
            and events.event_at < cell_site_versions.valid_to

),

-- An unknown cell may be an identifier in the wrong column: it is kept as it is only if it has the
-- shape of a cell in the list and does not look like a phone number or a hash.
unknown_cells_shown as (

    select /*+ broadcast(cell_shapes) */
        events_placed.*,
        case
            when cell_shapes.cell_shape is null then events_placed.unknown_cell_shape
            when events_placed.cell_id rlike '([0-9].*){7}|^.{21}'
                then events_placed.unknown_cell_shape
            else events_placed.cell_id
        end as unknown_cell_shown
    from events_placed
    left join cell_shapes
        on events_placed.unknown_cell_shape = cell_shapes.cell_shape

),

final as (

    select
        source_file,
        reject_reason,
        case
            when reject_reason in ('unparsable_time', 'outside_study') then event_at_shown
            when reject_reason = 'unknown_cell' then unknown_cell_shown
        end as rejected_value,
        subscriber_id,
        counterpart_id,
        key_id,
        event_type,
        direction,
        duration_s,
        volume_mb,
        event_at,
        area_id,
        -- Of an unknown cell only its shape is kept.
        case when reject_reason is null then cell_id end as cell_id
    from unknown_cells_shown

)

select * from final
