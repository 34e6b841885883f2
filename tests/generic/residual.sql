{# What a reader gets by subtraction stands for min_group_size people or more: in every group of
   cells that add up, the withheld members hold no one or at least that many people, and are not one
   alone; a withheld parent has as many people withheld below it, or all it has. Of cells whose sum
   is told nowhere but by another level nothing is left if all are withheld. Read off the tables
   that would be published, not off the model that decides what they withhold. With dp_laplace there
   is nothing to subtract. #}
{% test residual(model, marts) %}

with

published_rows as (

    {% for mart in marts %}
    select table_cell
    from {{ ref('release_' ~ mart) }}
    where not is_suppressed
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- A group of listeners is one cell with a row for each feature.
published as (

    select table_cell
    from published_rows
    group by table_cell

),

members as (

    select
        members.*,
        published.table_cell is null as is_withheld,
        members.parent_cell is not null and parents.table_cell is null as is_parent_withheld
    from {{ model }} as members
    left join published
        on members.table_cell = published.table_cell
    left join published as parents
        on members.parent_cell = parents.table_cell

),

groups as (

    select
        relation_id,
        kind,
        group_id,
        is_parent_withheld,
        parent_n_subscribers,
        parent_cell is null and bool_and(is_withheld) as is_told_nowhere,
        count_if(is_withheld) as n_withheld,
        coalesce(sum(n_subscribers) filter (where is_withheld), 0) as n_people_withheld
    from members
    group by
        relation_id,
        kind,
        group_id,
        is_parent_withheld,
        parent_cell,
        parent_n_subscribers

)

select * from groups
where
    {{ has_complementary_suppression() }}
    and not is_told_nowhere
    and (
        (
            n_people_withheld > 0
            and not is_parent_withheld
            and not {{ has_min_group_size('n_people_withheld') }}
        )
        or (kind = 'sum' and not is_parent_withheld and n_withheld = 1)
        or (
            is_parent_withheld
            and n_people_withheld < parent_n_subscribers
            and not {{ has_min_group_size('n_people_withheld') }}
        )
    )

{% endtest %}
