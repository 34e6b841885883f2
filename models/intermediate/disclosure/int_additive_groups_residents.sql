-- Residents of all areas of a level are everybody seen in the period (in the study, where no total
-- is published, every level still adds up to the same number); and the residents of a week are
-- those who stayed and those who came. So it is with listeners: those of all levels, or of all
-- groups of any other kind, are everyone. A group of them is the same people in all its features
-- and one cell, so one feature stands for all.

{% set area_cell = ['period', 'period_start', 'area_level', 'area_id'] %}

with

residents as (

    select
        *,
        {{ table_cell('count_residents', area_cell) }} as table_cell
    from {{ ref('candidate_count_residents') }}

),

relocations as (

    select
        *,
        {{ table_cell(
            'count_home_relocations',
            ['period', 'period_start', 'area_level', 'previous_home_area_id', 'new_home_area_id']
        ) }} as table_cell
    from {{ ref('candidate_count_home_relocations') }}

),

totals as (

    select
        *,
        {{ table_cell('total_subscribers', ['period', 'period_start']) }} as table_cell
    from {{ ref('candidate_total_subscribers') }}

),

listener_groups as (

    select
        *,
        {{ table_cell(
            'listener_summary',
            ['period', 'period_start', 'grouped_by', 'group_value']
        ) }} as table_cell
    from {{ ref('candidate_listener_summary') }}
    where feature = 'n_events'

),

residents_of_total as (

    select
        'residents_total' as relation_id,
        'sum' as kind,
        concat_ws(
            char(31), residents.period, residents.period_start, residents.area_level
        ) as group_id,
        totals.table_cell as parent_cell,
        totals.n_subscribers as parent_n_subscribers,
        residents.table_cell,
        residents.n_subscribers,
        residents.people_key
    from residents
    left join totals
        on
            residents.period = totals.period
            and residents.period_start = totals.period_start

),

relocations_of_residents as (

    select
        'residents_relocations' as relation_id,
        'sum' as kind,
        residents.table_cell as group_id,
        residents.table_cell as parent_cell,
        residents.n_subscribers as parent_n_subscribers,
        relocations.table_cell,
        relocations.n_subscribers,
        relocations.people_key
    from relocations
    inner join residents
        on
            relocations.period = residents.period
            and relocations.period_start = residents.period_start
            and relocations.area_level = residents.area_level
            and relocations.new_home_area_id = residents.area_id

),

groups_of_listeners as (

    select
        'listeners_groups' as relation_id,
        'sum' as kind,
        concat_ws(char(31), everyone.table_cell, kinds.grouped_by) as group_id,
        everyone.table_cell as parent_cell,
        everyone.n_subscribers as parent_n_subscribers,
        kinds.table_cell,
        kinds.n_subscribers,
        kinds.people_key
    from listener_groups as kinds
    inner join listener_groups as everyone
        on kinds.period_start = everyone.period_start
    where
        kinds.grouped_by <> 'everyone'
        and everyone.grouped_by = 'everyone'

),

final as (

    select * from residents_of_total
    union all
    select * from relocations_of_residents
    union all
    select * from groups_of_listeners

)

select * from final
