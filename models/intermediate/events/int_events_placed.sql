{{ config(materialized='view') }}

-- Every row of the event files with the place of its cell at that time, its type and direction in
-- our words, and what may be shown of a wrong value. An event without a known cell is an event
-- without a place; unplaced_reason says why.

with

events as (

    select * from {{ ref('stg_landing__events') }}

),

cell_site_versions as (

    select * from {{ ref('int_cell_site_versions') }}

),

cell_shapes as (

    select collect_set({{ shape_of('cell_id') }}) as shapes
    from cell_site_versions

),

event_words as (

    select * from {{ ref('event_words') }}

),

events_placed as (

    select /*+ broadcast(cell_site_versions) */
        events.*,
        cell_site_versions.area_id,
        case
            when events.reject_reason is null and cell_site_versions.cell_id is null
                then
                    case
                        when {{ is_given('events.cell_id') }} then 'unknown_cell'
                        else 'missing_cell'
                    end
        end as unplaced_reason,
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

    select
        *,
        case
            when unplaced_reason = 'unknown_cell'
                then
                    case
                        when
                            not array_contains(
                                (select cell_shapes.shapes from cell_shapes), unknown_cell_shape
                            )
                            then unknown_cell_shape
                        when cell_id rlike '([0-9].*){7}|^.{21}' then unknown_cell_shape
                        else cell_id
                    end
        end as unplaced_cell
    from events_placed

),

-- The word of a type may say the direction too: a call that was received is an mtc.
words_known as (

    select /*+ broadcast(type_words, direction_words) */
        unknown_cells_shown.* except (event_type, direction, unread_values),
        coalesce(type_words.event_type, unknown_cells_shown.event_type) as event_type,
        coalesce(direction_words.direction, type_words.direction) as direction,
        nullif(
            concat_ws(
                '; ',
                unknown_cells_shown.unread_values,
                case
                    when type_words.event_type is null
                        then 'event_type=' || unknown_cells_shown.event_type
                end,
                case
                    when direction_words.direction is null
                        then 'direction=' || unknown_cells_shown.direction
                end
            ),
            ''
        ) as unread_values
    from unknown_cells_shown
    left join event_words as type_words
        on unknown_cells_shown.event_type = type_words.word
    left join event_words as direction_words
        on unknown_cells_shown.direction = direction_words.word

),

final as (

    select
        source_file,
        reject_reason,
        rejected_value,
        unplaced_reason,
        unread_values,
        subscriber_id,
        counterpart_id,
        key_id,
        event_type,
        direction,
        duration_s,
        volume_mb,
        event_at,
        area_id,
        unplaced_cell,
        -- Of an unknown cell only its shape is kept.
        case when reject_reason is null and unplaced_reason is null then cell_id end as cell_id
    from words_known

)

select * from final
