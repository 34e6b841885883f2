-- Numbers of stops add up to those of the area around; the residents of an area are those who stay,
-- those who move and those of whom nothing is known.

{% set stop_cell = ['period', 'period_start', 'area_level', 'area_id', 'kind'] %}

with

stops as (

    select
        *,
        {{ table_cell('count_stops', stop_cell) }} as table_cell
    from {{ ref('candidate_count_stops') }}

),

activities as (

    select
        *,
        {{ table_cell(
            'day_rhythm',
            ['period', 'period_start', 'area_level', 'area_id', 'hour_of_day', 'activity']
        ) }} as table_cell,
        {{ table_cell('count_residents', ['period', 'period_start', 'area_level', 'area_id']) }}
            as residents_cell
    from {{ ref('candidate_day_rhythm') }}

),

area_parents as (

    select * from {{ ref('int_area_parents') }}

),

stops_in_areas as (

    select
        'stops_areas' as relation_id,
        'sum' as kind,
        parents.table_cell as group_id,
        parents.table_cell as parent_cell,
        parents.n_subscribers as parent_n_subscribers,
        children.table_cell,
        children.n_subscribers,
        children.people_key
    from stops as children
    inner join area_parents
        on
            children.area_level = area_parents.area_level
            and children.area_id = area_parents.area_id
    inner join stops as parents
        on
            area_parents.parent_level = parents.area_level
            and area_parents.parent_area_id = parents.area_id
            and children.period_start = parents.period_start
            and children.kind = parents.kind

),

activities_of_residents as (

    select
        'rhythm_residents' as relation_id,
        'sum' as kind,
        concat_ws(char(31), residents_cell, hour_of_day) as group_id,
        residents_cell as parent_cell,
        n_residents as parent_n_subscribers,
        table_cell,
        n_subscribers,
        people_key
    from activities

),

final as (

    select * from stops_in_areas
    union all
    select * from activities_of_residents

)

select * from final
