{{ config(group='pipeline') }}

-- Everyone seen in an area pairs it with itself: the diagonal of all pairs is presence.

with

diagonal as (

    select * from {{ ref('candidate_od_matrix_directed_all_pairs') }}
    where from_area_id = to_area_id

),

presence as (

    select * from {{ ref('candidate_count_subscribers') }}
    where period = 'day'

),

final as (

    select
        presence.period_start,
        presence.area_level,
        presence.area_id,
        presence.n_subscribers as n_present,
        diagonal.n_subscribers as n_diagonal
    from presence
    full outer join diagonal
        on
            presence.period_start = diagonal.period_start
            and presence.area_level = diagonal.area_level
            and presence.area_id = diagonal.from_area_id
    where presence.n_subscribers is distinct from diagonal.n_subscribers

)

select * from final
