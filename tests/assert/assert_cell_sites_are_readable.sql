{{ config(group='pipeline') }}

-- Every number and time of the cell list could be read; an empty field is a missing value.
-- depends_on: {{ ref('stg_landing__cell_sites') }} (what uses the list waits for this test)

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

    select * from read_back
    where
        is_bad_longitude
        or is_bad_latitude
        or is_bad_valid_from
        or is_bad_valid_to

)

select * from final
