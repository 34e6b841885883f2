-- Over all homes, visits are presence; those seen at home only are a part of those seen at home,
-- and of those seen in one area only.

{% set area_cell = ['period', 'period_start', 'area_level', 'area_id'] %}

with

presence as (

    select
        *,
        {{ table_cell('count_subscribers', area_cell) }} as table_cell
    from {{ ref('candidate_count_subscribers') }}
    where period = 'day'

),

visits as (

    select
        *,
        {{ table_cell(
            'count_visits_home_away',
            ['period', 'period_start', 'area_level', 'home_area_id', 'visit_area_id']
        ) }} as table_cell
    from {{ ref('candidate_count_visits_home_away') }}

),

single_area as (

    select
        *,
        {{ table_cell('count_subscribers_single_area', area_cell) }} as table_cell
    from {{ ref('candidate_count_subscribers_single_area') }}

),

home_only as (

    select
        *,
        {{ table_cell('count_subscribers_home_area', area_cell) }} as table_cell
    from {{ ref('candidate_count_subscribers_home_area') }}

),

visits_of_presence as (

    select
        'visits_presence' as relation_id,
        'sum' as kind,
        presence.table_cell as group_id,
        presence.table_cell as parent_cell,
        presence.n_subscribers as parent_n_subscribers,
        visits.table_cell,
        visits.n_subscribers,
        visits.people_key
    from visits
    inner join presence
        on
            visits.period_start = presence.period_start
            and visits.area_level = presence.area_level
            and visits.visit_area_id = presence.area_id

),

home_only_of_visits as (

    select
        'home_only_visits' as relation_id,
        'sum_with_rest' as kind,
        visits.table_cell as group_id,
        visits.table_cell as parent_cell,
        visits.n_subscribers as parent_n_subscribers,
        home_only.table_cell,
        home_only.n_subscribers,
        home_only.people_key
    from home_only
    inner join visits
        on
            home_only.period_start = visits.period_start
            and home_only.area_level = visits.area_level
            and home_only.area_id = visits.home_area_id
            and home_only.area_id = visits.visit_area_id

),

home_only_of_single_area as (

    select
        'home_only_single' as relation_id,
        'sum_with_rest' as kind,
        single_area.table_cell as group_id,
        single_area.table_cell as parent_cell,
        single_area.n_subscribers as parent_n_subscribers,
        home_only.table_cell,
        home_only.n_subscribers,
        home_only.people_key
    from home_only
    inner join single_area
        on
            home_only.period_start = single_area.period_start
            and home_only.area_level = single_area.area_level
            and home_only.area_id = single_area.area_id

),

final as (

    select * from visits_of_presence
    union all
    select * from home_only_of_visits
    union all
    select * from home_only_of_single_area

)

select * from final
