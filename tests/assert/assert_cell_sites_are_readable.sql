{{ config(group='pipeline') }}

-- Every number and time of the cell list could be read; an empty one is none.

with

cell_sites as (

    select * from {{ source('landing', 'cell_sites') }}

),

read_back as (

    select
        cell_id,
        trim(longitude) <> '' and try_cast(trim(longitude) as double) is null as is_bad_longitude,
        trim(latitude) <> '' and try_cast(trim(latitude) as double) is null as is_bad_latitude,
        trim(valid_from) <> ''
        and try_cast(trim(valid_from) as timestamp) is null as is_bad_valid_from,
        trim(valid_to) <> '' and try_cast(trim(valid_to) as timestamp) is null as is_bad_valid_to
    from cell_sites

),

final as (

    -- A parent of the models that use the list, so that they wait for this test.
    select read_back.*
    from read_back
    left join {{ ref('stg_landing__cell_sites') }} as cell_sites_used
        on read_back.cell_id = cell_sites_used.cell_id
    where
        read_back.is_bad_longitude
        or read_back.is_bad_latitude
        or read_back.is_bad_valid_from
        or read_back.is_bad_valid_to

)

select * from final
