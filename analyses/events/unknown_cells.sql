-- Which cells of the event files are not in the cell list, by number of rows? Reads the landing
-- tables, where cell ids are as the operator wrote them: for the operator only, not for
-- publication.

with

events as (

    select * from {{ source('landing', 'events') }}

),

cell_sites as (

    select * from {{ source('landing', 'cell_sites') }}

),

final as (

    select
        trim(events.cell_id) as cell_id,
        count(*) as n_rows
    from events
    left anti join cell_sites
        on trim(events.cell_id) = trim(cell_sites.cell_id)
    where trim(events.cell_id) <> ''
    group by trim(events.cell_id)

)

select * from final
