{# Rules for measures that are not head counts, on top of has_min_group_size. #}

{# Enough people for a median or a quartile, which is the value of one of them: ten times
   min_group_size. A minimum or maximum is never published. #}
{% macro has_order_statistics_size(head_count) -%}
    {{ has_min_group_size('(' ~ head_count ~ ') / 10') }}
{%- endmacro %}


{# Nobody makes up the sum (or mean) of a cell: no person more than half of it, and for the second
   largest, who knows their own part, the estimate of the largest is off by 10 % of it or more (the
   p% rule). Null second_largest: there is no second. #}
{% macro is_not_dominated(total, largest, second_largest) -%}
    coalesce(
        2 * ({{ largest }}) <= ({{ total }})
        and ({{ total }}) - ({{ largest }}) - coalesce({{ second_largest }}, 0)
        >= 0.1 * ({{ largest }}),
        false
    )
{%- endmacro %}


{# A share n of n_all also says how many are not of it: nobody, or min_group_size people. #}
{% macro has_complement_size(n, n_all) -%}
    coalesce(
        ({{ n_all }}) - ({{ n }}) = 0 or {{ has_min_group_size('(' ~ n_all ~ ') - (' ~ n ~ ')') }},
        false
    )
{%- endmacro %}


{# The second largest value of a group, null where there is one alone: what is_not_dominated asks
   for beside the largest. An aggregate. #}
{% macro second_largest(column) -%}
    try_element_at(sort_array(collect_list({{ column }}), false), 2)
{%- endmacro %}
