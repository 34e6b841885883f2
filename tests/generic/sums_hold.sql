{# The numbers of people of a group that adds up are those of the cell they add up to, or fewer
   where there is a rest; and every part of a total that is published nowhere has the same. #}
{% test sums_hold(model) %}

with

groups as (

    select
        relation_id,
        relation_type,
        whole_id,
        group_id,
        parent_n_subscribers,
        sum(n_subscribers) as n_subscribers
    from {{ model }}
    where
        adds_people
        and table_cell is not null
    group by
        relation_id,
        relation_type,
        whole_id,
        group_id,
        parent_n_subscribers

),

groups_with_totals as (

    select
        *,
        coalesce(
            parent_n_subscribers,
            max(n_subscribers) over (partition by relation_id, whole_id)
        ) as n_total_subscribers
    from groups

)

select * from groups_with_totals
where
    n_subscribers > n_total_subscribers
    or (relation_type = 'sum' and n_subscribers < n_total_subscribers)

{% endtest %}
