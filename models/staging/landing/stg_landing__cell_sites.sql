-- One row per distinct row of the cell list. A cell may occur several times, once per time range
-- (valid_from included, valid_to not); int_cell_site_versions orders them.

with

cell_sites as (

    select * from {{ source('landing', 'cell_sites') }}

),

final as (

    -- A cell listed twice in equal rows is one cell.
    select distinct
        trim(cell_id) as cell_id,
        nullif(trim(site_id), '') as site_id,
        nullif(trim(area_id), '') as area_id,
        try_cast(trim(longitude) as double) as longitude,
        try_cast(trim(latitude) as double) as latitude,
        try_cast(trim(valid_from) as timestamp) as valid_from,
        try_cast(trim(valid_to) as timestamp) as valid_to
    from cell_sites
    where nullif(trim(cell_id), '') is not null

)

select * from final
