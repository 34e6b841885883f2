{# What a reader gets by subtraction stands for min_group_size people or more: in every group
   of cells that add up, the withheld members hold no one or at least that many people, and are
   not one alone; a withheld parent has as many people withheld below it, or all it has. Of
   cells whose sum no table but another level tells nothing is left if all are withheld. Read
   off the decisions; that every mart follows them is a rule of the test release_rules. With
   dp_laplace there is nothing to subtract. #}
{% test residual(model, groups) %}

with

withheld_cells as (

    select * from {{ model }}

),

members as (

    select
        members.*,
        members.table_cell is null
        or withheld_cells.table_cell is not null
        or members.n_subscribers < {{ var('min_group_size') }} as is_withheld,
        members.parent_cell is not null
        and (
            withheld_parents.table_cell is not null
            or members.parent_n_subscribers < {{ var('min_group_size') }}
        ) as is_parent_withheld
    from {{ groups }} as members
    left join withheld_cells
        on members.table_cell = withheld_cells.table_cell
    left join withheld_cells as withheld_parents
        on members.parent_cell = withheld_parents.table_cell

),

groups as (

    select
        relation_id,
        relation_type,
        group_id,
        is_parent_withheld,
        parent_n_subscribers,
        parent_cell is null and bool_and(is_withheld) as is_nowhere_public,
        count_if(is_withheld) as n_withheld,
        coalesce(sum(n_subscribers) filter (where is_withheld), 0) as n_people_withheld
    from members
    group by
        relation_id,
        relation_type,
        group_id,
        is_parent_withheld,
        parent_cell,
        parent_n_subscribers

)

select * from groups
where
    {{ has_complementary_suppression() }}
    and not is_nowhere_public
    and (
        (
            n_people_withheld > 0
            and not is_parent_withheld
            and not {{ has_min_group_size('n_people_withheld') }}
        )
        or (relation_type = 'sum' and not is_parent_withheld and n_withheld = 1)
        or (
            is_parent_withheld
            and n_people_withheld < parent_n_subscribers
            and not {{ has_min_group_size('n_people_withheld') }}
        )
    )

{% endtest %}
