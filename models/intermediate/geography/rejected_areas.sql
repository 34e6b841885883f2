{{ config(materialized='view') }}

-- Every row of the list of areas that is rejected, and why.

with

areas as (

    select * from {{ ref('stg_landing__areas') }}

),

final as (

    select
        source_file,
        reject_reason,
        {{ shown_identifier('area_id') }} as area_shown
    from areas
    where reject_reason is not null

)

select * from final
