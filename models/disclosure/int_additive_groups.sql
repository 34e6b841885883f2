-- Every group of cells that a reader could subtract from each other: its members, the cell they
-- add up to, and the people in no member (the rest), who are published nowhere and stand here
-- without a table_cell.

with

members as (

    select * from {{ ref('int_additive_members') }}

),

rests as (

    select
        relation_id,
        relation_type,
        whole_id,
        group_id,
        parent_cell,
        parent_n_subscribers,
        true as adds_people,
        false as tells_parent,
        cast(null as string) as table_cell,
        parent_n_subscribers - sum(n_subscribers) as n_subscribers,
        cast(null as bigint) as people_key
    from members
    where relation_type = 'sum_with_rest'
    group by
        relation_id,
        relation_type,
        whole_id,
        group_id,
        parent_cell,
        parent_n_subscribers
    having parent_n_subscribers > sum(n_subscribers)

),

final as (

    select
        relation_id,
        relation_type,
        whole_id,
        group_id,
        parent_cell,
        parent_n_subscribers,
        adds_people,
        tells_parent,
        table_cell,
        n_subscribers,
        people_key
    from members

    union all

    select
        relation_id,
        relation_type,
        whole_id,
        group_id,
        parent_cell,
        parent_n_subscribers,
        adds_people,
        tells_parent,
        table_cell,
        n_subscribers,
        people_key
    from rests

)

select * from final
