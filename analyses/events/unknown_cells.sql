-- Which cells of the event files are not in the cell list, by number of rows? Reads the landing
-- tables, where cell ids are as the operator wrote them: for the operator only, not for
-- publication.

with

events as (

    select {{ cell_identifier('cell_id') }} as cell_id
    from {{ source('landing', 'events') }}

),

cell_sites as (

    select {{ cell_identifier('cell_id') }} as cell_id
    from {{ source('landing', 'cell_sites') }}

),

final as (

    select
        events.cell_id,
        count(*) as n_rows
    from events
    left anti join cell_sites
        on events.cell_id = cell_sites.cell_id
    where events.cell_id is not null
    group by events.cell_id

)

select * from final
