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


{# A sum and a sum of squares, and what follows from them (mean, variance, norms), tell of no small
   group and of nobody alone: min_group_size people make them up, and neither is dominated. Squares
   are dominated long before sums. All of it is zero: then nobody makes it up. #}
{% macro has_fair_moments(n_contributors, total, squares, largest, second_largest) -%}
    coalesce(
        ({{ total }}) = 0
        or (
            {{ has_min_group_size(n_contributors) }}
            and {{ is_not_dominated(total, largest, second_largest) }}
            and {{ is_not_dominated(
                squares,
                '(' ~ largest ~ ') * (' ~ largest ~ ')',
                '(' ~ second_largest ~ ') * (' ~ second_largest ~ ')'
            ) }}
        ),
        false
    )
{%- endmacro %}


{# Whether head counts are published as they are. Where an option blurs them, an exact sum beside a
   mean would tell them. #}
{% macro has_exact_counts() -%}
    {% set is_blurred = var('noise_mechanism') != 'none' or var('rounding_base') -%}
    {{ 'false' if is_blurred else 'true' }}
{%- endmacro %}


{# Decimals of a mean or variance: where head counts are blurred none, since 7.29 is 124 divided by
   17 and by few other numbers. #}
{% macro moment_decimals() -%}
    {{ 2 if has_exact_counts() == 'true' else 0 }}
{%- endmacro %}


{# A statistic of numbers of any size, to four significant digits; to two where head counts are
   blurred, since 0.4667 is 7 divided by 15 and by few other numbers. #}
{% macro released_value(column) -%}
    {% set format = '%.' ~ (3 if has_exact_counts() == 'true' else 1) ~ 'e' -%}
    case
        when {{ column }} is not null
            then cast(format_string('{{ format }}', {{ column }}) as double)
    end
{%- endmacro %}


{# The values of a group, n_with_value of them, tell of no small group and of nobody alone: by the
   columns n_nonzero, total_value, sum_of_squares and largest_value. There are none: then there is
   nothing to tell. #}
{% macro has_fair_values(second_largest) -%}
    (
        n_with_value = 0
        or (
            {{ has_min_group_size('n_with_value') }}
            and {{ has_fair_moments(
                'n_nonzero', 'total_value', 'sum_of_squares', 'largest_value', second_largest
            ) }}
        )
    )
{%- endmacro %}
