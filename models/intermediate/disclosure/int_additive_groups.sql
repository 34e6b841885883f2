-- Every group of cells that a reader could subtract from each other: the cells of the group (its
-- members), the cell they add up to (its parent), and the people in no member (the rest), who are
-- published nowhere and stand here without a table_cell.

with

members as (

    select * from {{ ref('int_additive_groups_events') }}
    union all
    select * from {{ ref('int_additive_groups_single_area') }}
    union all
    select * from {{ ref('int_additive_groups_flows') }}
    union all
    select * from {{ ref('int_additive_groups_residents') }}
    union all
    select * from {{ ref('int_additive_groups_visits') }}
    union all
    select * from {{ ref('int_additive_groups_stops') }}
    union all
    select * from {{ ref('int_additive_groups_habits') }}

),

relations as (

    select * from {{ ref('disclosure_relations') }}

),

members_of_registered_relations as (

    select members.*
    from members
    left semi join relations
        on members.relation_id = relations.relation_id

),

rests as (

    select
        relation_id,
        kind,
        group_id,
        parent_cell,
        parent_n_subscribers,
        cast(null as string) as table_cell,
        parent_n_subscribers - sum(n_subscribers) as n_subscribers,
        cast(null as bigint) as people_key
    from members_of_registered_relations
    where kind = 'sum_with_rest'
    group by
        relation_id,
        kind,
        group_id,
        parent_cell,
        parent_n_subscribers
    having parent_n_subscribers > sum(n_subscribers)

),

final as (

    select
        relation_id,
        kind,
        group_id,
        parent_cell,
        parent_n_subscribers,
        table_cell,
        n_subscribers,
        people_key
    from members_of_registered_relations

    union all

    select
        relation_id,
        kind,
        group_id,
        parent_cell,
        parent_n_subscribers,
        table_cell,
        n_subscribers,
        people_key
    from rests

)

select * from final
