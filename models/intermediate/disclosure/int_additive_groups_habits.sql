-- A profile is of the residents of its area, and published with them or not at all; segments are
-- those of them who call or write; and people of a segment, and calls between areas, are as many on
-- every level, so those of one level add up to what another tells. A group is the same people in
-- all its indicators and one cell, so one stands for all.

{% set area_cell = ['period', 'period_start', 'area_level', 'area_id'] %}

with

residents as (

    select
        *,
        {{ table_cell('count_residents', area_cell) }} as residents_cell,
        {{ table_cell('profile_summary', area_cell) }} as table_cell
    from {{ ref('candidate_count_residents') }}
    where period = 'study'

),

segments as (

    select
        *,
        {{ table_cell(
            'profile_segments',
            ['period', 'period_start', 'area_level', 'area_id', 'segment']
        ) }} as table_cell
    from {{ ref('candidate_profile_segments') }}
    where indicator = 'number_of_interactions'

),

contacts as (

    select
        *,
        {{ table_cell(
            'contact_matrix',
            ['period', 'period_start', 'area_level', 'from_area_id', 'to_area_id']
        ) }} as table_cell
    from {{ ref('candidate_contact_matrix') }}

),

profiles_of_residents as (

    select
        'profiles_residents' as relation_id,
        'sum' as kind,
        residents_cell as group_id,
        residents_cell as parent_cell,
        n_subscribers as parent_n_subscribers,
        table_cell,
        n_subscribers,
        people_key
    from residents

),

segments_of_residents as (

    select
        'segments_residents' as relation_id,
        'sum_with_rest' as kind,
        residents.residents_cell as group_id,
        residents.residents_cell as parent_cell,
        residents.n_subscribers as parent_n_subscribers,
        segments.table_cell,
        segments.n_subscribers,
        segments.people_key
    from segments
    inner join residents
        on
            segments.area_level = residents.area_level
            and segments.area_id = residents.area_id

),

-- No total is published, yet every level has the same.
levels as (

    select
        'segments_levels' as relation_id,
        'sum' as kind,
        concat_ws(char(31), area_level, segment) as group_id,
        cast(null as string) as parent_cell,
        cast(null as bigint) as parent_n_subscribers,
        table_cell,
        n_subscribers,
        people_key
    from segments

    union all

    select
        'contacts_levels' as relation_id,
        'sum' as kind,
        concat_ws(char(31), area_level, period_start) as group_id,
        cast(null as string) as parent_cell,
        cast(null as bigint) as parent_n_subscribers,
        table_cell,
        n_subscribers,
        people_key
    from contacts

),

final as (

    select * from profiles_of_residents
    union all
    select * from segments_of_residents
    union all
    select * from levels

)

select * from final
