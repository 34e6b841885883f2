{{ config(materialized='view') }}

-- Every row of the cell list that is rejected, and why.

with

cell_sites as (

    select * from {{ ref('int_cells_checked') }}

),

final as (

    select
        source_file,
        reject_reason,
        rejected_value,
        {{ shown_identifier('cell_id') }} as cell_shown
    from cell_sites
    where reject_reason is not null

)

select * from final
