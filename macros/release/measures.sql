{# The rules of measures: what a declaration says of a measure, as SQL over the candidate's columns.
   The table in docs/release.md lists them. #}

{# What must hold, beside the publication of the row, for a measure to be in it. #}
{% macro conditions_of(rule) %}
    {% set conditions = [] %}
    {% if rule.get('where') %}
        {% do conditions.append(rule.where) %}
    {% endif %}
    {% if rule.rule == 'exact_sum' %}
        {% do conditions.append(has_exact_counts()) %}
    {% endif %}
    {% if rule.rule == 'order_statistic' %}
        {% do conditions.append(has_order_statistics_size(rule.of)) %}
    {% endif %}
    {% if rule.get('withhold') == 'measure' %}
        {% do conditions.append(has_min_group_size(rule.of)) %}
        {% do conditions.append(is_not_dominated_by_one(rule)) %}
    {% endif %}
    {% for part in rule.get('parts', []) %}
        {% do conditions.append(has_complement_size('0', part)) %}
    {% endfor %}
    {% do return(conditions) %}
{% endmacro %}


{# What is published of a measure. #}
{% macro released_measure(measure, rule) -%}
    {%- set column = rule.get('column', measure) -%}
    {%- set decimals = rule.get('decimals', 1) -%}
    {%- if rule.rule in ['head_count', 'number'] -%}
        {{ released_count(column, rule.get('people_key', 'people_key')) }}
    {%- elif rule.rule == 'rough_count' -%}
        {{ rounded_to_group_size(column) }}
    {%- elif rule.rule == 'share' -%}
        {# Of two blurred numbers a part may be larger than the whole. -#}
        least(
            round(
                {{ released_count(rule.part) }} / {{ released_count(rule.of, rule.of_people_key) }},
                {{ decimals }}
            ),
            1
        )
    {%- elif rule.rule == 'moment' -%}
        round({{ column }}, {{ moment_decimals() }})
    {%- elif rule.get('significant_digits') -%}
        {{ released_value(column) }}
    {%- elif rule.rule == 'exact_sum' and decimals == 0 -%}
        {{ column }}
    {%- else -%}
        round({{ column }}, {{ decimals }})
    {%- endif -%}
{%- endmacro %}


{# The dominance rule for the amounts that a measure adds up: the candidate has their total, the
   largest and the second largest contribution of one person. #}
{% macro is_not_dominated_by_one(rule) -%}
    {{ is_not_dominated(
        rule.get('total', 'total_' ~ rule.amounts),
        'largest_' ~ rule.amounts,
        'second_largest_' ~ rule.amounts
    ) }}
{%- endmacro %}


{# Whether a candidate's row must be withheld whatever its head count, since a sum or a mean of it
   reveals one person or a few. #}
{% macro is_dominated_row(mart) -%}
    {%- set conditions = [] -%}
    {%- for rule in mart.measures.values() if rule.get('withhold') == 'cell' -%}
        {%- do conditions.append('not ' ~ is_not_dominated_by_one(rule)) -%}
    {%- endfor -%}
    {%- for head_count in mart.get('also_head_counts', []) -%}
        {%- do conditions.append('not ' ~ has_min_group_size(head_count)) -%}
    {%- endfor -%}
    {%- for complement in mart.get('complements', []) -%}
        {%- do conditions.append('not ' ~ has_complement_size('0', complement)) -%}
    {%- endfor -%}
    {%- if mart.get('moments', {}).get('withhold') == 'cell' -%}
        {%- do conditions.append('not ' ~ passes_moment_rules(*moments_of(mart))) -%}
    {%- endif -%}
    {{ conditions | join(' or ') or 'false' }}
{%- endmacro %}


{# The columns of a candidate for passes_moment_rules. #}
{% macro moments_of(mart) %}
    {% set moments = mart.moments %}
    {% do return([
        moments.n_contributors, moments.total, moments.squares, moments.largest,
        moments.second_largest,
    ]) %}
{% endmacro %}


{# One number that changes with any measure of a candidate's row beside its head count; null where
   there is no other. A share is not one of them: it says no more than two head counts, its part and
   its whole, and these are compared as cells, the whole in another mart or as the sum of its parts.
   The same numbers added up in another order differ in their last digit and are no change, so
   doubles are compared to the seven digits of a float. #}
{% macro other_measures(mart) -%}
    {%- set measures = [] -%}
    {%- for name, column in mart.columns.items()
        if name in mart.config.meta.measures and name != 'n_subscribers'
        and mart.config.meta.measures[name].rule != 'share' -%}
        {%- do measures.append(
            'cast(' ~ name ~ ' as float)' if column.data_type == 'double' else name
        ) -%}
    {%- endfor -%}
    {%- if measures -%}
        xxhash64({{ (mart.config.meta.get('features', {}).keys() | list + measures) | join(', ') }})
    {%- else -%}
        cast(null as bigint)
    {%- endif -%}
{%- endmacro %}
