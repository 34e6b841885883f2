{# Rules for measures that are not head counts, on top of has_min_group_size. #}

{# Enough people for a median or a quartile, which is the value of one of them: ten times
   min_group_size. A minimum or maximum is never published. #}
{% macro has_order_statistics_size(head_count) -%}
    {{ has_min_group_size('(' ~ head_count ~ ') / 10') }}
{%- endmacro %}


{# Dominance: no person contributes more than half of a sum (or mean), and the second largest
   contributor, who knows their own part, can estimate the largest no closer than within 10 % of it
   (the p% rule). second_largest is null where there is only one contributor. #}
{% macro is_not_dominated(total, largest, second_largest) -%}
    coalesce(
        2 * ({{ largest }}) <= ({{ total }})
        and ({{ total }}) - ({{ largest }}) - coalesce({{ second_largest }}, 0)
        >= 0.1 * ({{ largest }}),
        false
    )
{%- endmacro %}


{# A share n of n_all also reveals the rest: nobody, or at least min_group_size people. #}
{% macro has_complement_size(n, n_all) -%}
    coalesce(
        ({{ n_all }}) - ({{ n }}) = 0 or {{ has_min_group_size('(' ~ n_all ~ ') - (' ~ n ~ ')') }},
        false
    )
{%- endmacro %}


{# The second largest value of a group, for is_not_dominated; null where there is only one value. An
   aggregate. #}
{% macro second_largest(column) -%}
    try_element_at(sort_array(collect_list({{ column }}), false), 2)
{%- endmacro %}


{# A sum, a sum of squares, and what follows from them (mean, variance, norms) pass minimum
   frequency and dominance: at least min_group_size people contribute, and neither sum is dominated.
   Squares are dominated long before sums. A sum of zero passes: nobody contributes to it. #}
{% macro passes_moment_rules(n_contributors, total, squares, largest, second_largest) -%}
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


{# Whether head counts are published as counted. Where an option blurs them, an exact sum beside a
   mean would reveal them. #}
{% macro has_exact_counts() -%}
    {% set is_blurred = var('noise_mechanism') != 'none' or var('rounding_base') -%}
    {{ 'false' if is_blurred else 'true' }}
{%- endmacro %}


{# Decimals of a mean or variance: none where head counts are blurred, since 7.29 is 124 divided by
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


{# The n_with_value values of a group pass minimum frequency and dominance, judged by the columns
   n_nonzero, total_value, sum_of_squares and largest_value. A group without values passes: there is
   nothing to reveal. #}
{% macro passes_value_rules(second_largest) -%}
    (
        n_with_value = 0
        or (
            {{ has_min_group_size('n_with_value') }}
            and {{ passes_moment_rules(
                'n_nonzero', 'total_value', 'sum_of_squares', 'largest_value', second_largest
            ) }}
        )
    )
{%- endmacro %}
