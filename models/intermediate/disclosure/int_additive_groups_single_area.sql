-- Those seen in one area only, and the rest, who were seen in several: together they are everybody
-- present in the area, everybody seen that day, or those seen in one area of the next level.

{% set area_cell = ['period', 'period_start', 'area_level', 'area_id'] %}

with

presence as (

    select
        *,
        {{ table_cell('count_subscribers', area_cell) }} as table_cell
    from {{ ref('candidate_count_subscribers') }}
    where period = 'day'

),

single_area as (

    select
        *,
        {{ table_cell('count_subscribers_single_area', area_cell) }} as table_cell
    from {{ ref('candidate_count_subscribers_single_area') }}

),

totals as (

    select
        *,
        {{ table_cell('total_subscribers', ['period', 'period_start']) }} as table_cell
    from {{ ref('candidate_total_subscribers') }}
    where period = 'day'

),

area_parents as (

    select * from {{ ref('int_area_parents') }}

),

single_of_present as (

    select
        'single_presence' as relation_id,
        'sum_with_rest' as kind,
        presence.table_cell as group_id,
        presence.table_cell as parent_cell,
        presence.n_subscribers as parent_n_subscribers,
        single_area.table_cell,
        single_area.n_subscribers,
        single_area.people_key
    from single_area
    inner join presence
        on
            single_area.period_start = presence.period_start
            and single_area.area_level = presence.area_level
            and single_area.area_id = presence.area_id

),

single_of_total as (

    select
        'single_total' as relation_id,
        'sum_with_rest' as kind,
        concat_ws(char(31), totals.table_cell, single_area.area_level) as group_id,
        totals.table_cell as parent_cell,
        totals.n_subscribers as parent_n_subscribers,
        single_area.table_cell,
        single_area.n_subscribers,
        single_area.people_key
    from single_area
    inner join totals
        on single_area.period_start = totals.period_start

),

single_in_areas as (

    select
        'single_areas' as relation_id,
        'sum_with_rest' as kind,
        parents.table_cell as group_id,
        parents.table_cell as parent_cell,
        parents.n_subscribers as parent_n_subscribers,
        children.table_cell,
        children.n_subscribers,
        children.people_key
    from single_area as children
    inner join area_parents
        on
            children.area_level = area_parents.area_level
            and children.area_id = area_parents.area_id
    inner join single_area as parents
        on
            area_parents.parent_level = parents.area_level
            and area_parents.parent_area_id = parents.area_id
            and children.period_start = parents.period_start

),

final as (

    select * from single_of_present
    union all
    select * from single_of_total
    union all
    select * from single_in_areas

)

select * from final
