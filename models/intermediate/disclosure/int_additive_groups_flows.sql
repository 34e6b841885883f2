-- The diagonal of the origin–destination matrix of all pairs is presence itself: withheld in one,
-- withheld in both.

{% set area_cell = ['period', 'period_start', 'area_level', 'area_id'] %}
{% set pair = ['period', 'period_start', 'area_level', 'from_area_id', 'to_area_id'] %}

with

presence as (

    select
        *,
        {{ table_cell('count_subscribers', area_cell) }} as table_cell
    from {{ ref('candidate_count_subscribers') }}
    where period = 'day'

),

od_diagonal as (

    select
        *,
        {{ table_cell('od_matrix_directed_all_pairs', pair) }} as table_cell
    from {{ ref('candidate_od_matrix_directed_all_pairs') }}
    where from_area_id = to_area_id

),

final as (

    select
        'od_presence' as relation_id,
        'sum' as kind,
        presence.table_cell as group_id,
        presence.table_cell as parent_cell,
        presence.n_subscribers as parent_n_subscribers,
        od_diagonal.table_cell,
        od_diagonal.n_subscribers,
        od_diagonal.people_key
    from od_diagonal
    inner join presence
        on
            od_diagonal.period_start = presence.period_start
            and od_diagonal.area_level = presence.area_level
            and od_diagonal.from_area_id = presence.area_id

)

select * from final
