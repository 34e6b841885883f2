{{ config(group='pipeline') }}

-- Over previous homes, relocations of a week add up to its residents.

with

relocations as (

    select
        period_start,
        area_level,
        new_home_area_id as area_id,
        sum(n_subscribers) as n_subscribers
    from {{ ref('candidate_count_home_relocations') }}
    group by
        period_start,
        area_level,
        new_home_area_id

),

residents as (

    select * from {{ ref('candidate_count_residents') }}
    where period = 'week'

),

final as (

    select
        residents.period_start,
        residents.area_level,
        residents.area_id,
        residents.n_subscribers as n_residents,
        relocations.n_subscribers as n_relocations
    from residents
    full outer join relocations
        on
            residents.period_start = relocations.period_start
            and residents.area_level = relocations.area_level
            and residents.area_id = relocations.area_id
    where residents.n_subscribers is distinct from relocations.n_subscribers

)

select * from final
