-- Every row of the cell list, either accepted or rejected with a reason: read once, because many
-- models ask for it.

with

cell_sites as (

    select * from {{ ref('stg_landing__cell_sites') }}

),

final as (

    select
        source_file,
        cell_id,
        site_id,
        area_id,
        longitude,
        latitude,
        valid_from,
        valid_to,
        reject_reason,
        rejected_value
    from cell_sites

)

select * from final
