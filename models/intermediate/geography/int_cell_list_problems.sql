{{ config(materialized='ephemeral') }}

-- What the cell list says that cannot be, or that leaves little of it. int_list_problems stops the
-- build with a sentence for each.

with

cell_rows as (

    select * from {{ ref('int_cells_checked') }}

),

cells as (

    select * from cell_rows
    where reject_reason is null

),

rows_counted as (

    select
        count_if(reject_reason = 'exchanged_coordinates') as n_exchanged,
        count_if(reject_reason <> 'duplicate') as n_rejected,
        count(*) as n_all,
        min(source_file) filter (where reject_reason <> 'duplicate') as source_file,
        min(rejected_value) filter (where reject_reason = 'exchanged_coordinates')
            as exchanged_value,
        min(concat_ws(': ', reject_reason, rejected_value)) filter (
            where reject_reason <> 'duplicate'
        ) as rejected_value
    from cell_rows

),

-- Where more than every tenth row is exchanged, the others are not to be trusted.
rows_rejected as (

    select
        case
            when n_exchanged > n_all / 10 then 'exchanged_coordinates'
            else 'rejected_cells'
        end as problem,
        source_file,
        case when n_exchanged > n_all / 10 then n_exchanged else n_rejected end as n_rows,
        n_all,
        case when n_exchanged > n_all / 10 then exchanged_value else rejected_value end as example
    from rows_counted
    where
        n_exchanged > n_all / 10
        or n_rejected > n_all / 2

),

cells_apart as (

    select
        min(source_file) as source_file,
        {{ shown_identifier('cell_id') }} as cell_shown,
        min(area_id) as area_id,
        max(area_id) as other_area_id,
        {{ great_circle_km('min(longitude)', 'min(latitude)', 'max(longitude)', 'max(latitude)') }}
            as apart_km
    from cells
    group by
        cell_id,
        valid_from
    having
        area_id <> other_area_id
        or apart_km > 1

),

cells_at_two_places as (

    select
        'two_places' as problem,
        min(source_file) as source_file,
        count(*) as n_rows,
        count(*) as n_all,
        min(
            case
                when area_id <> other_area_id
                    then concat(cell_shown, ' in area ', area_id, ' and in area ', other_area_id)
                else concat(cell_shown, ' at sites ', format_number(apart_km, 1), ' km apart')
            end
        ) as example
    from cells_apart
    having n_rows > 0

),

final as (

    select * from rows_rejected
    union all
    select * from cells_at_two_places

)

select * from final
