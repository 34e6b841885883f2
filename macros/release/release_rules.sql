{# The rules that a release must keep, each as a CTE of the test release_rules: the rows that
   break it, as the name of the rule and the place. `draft` is what would be published. #}

{% macro place_of(keys, table='') -%}
    concat_ws('; '{% for key in keys %}, {{ table }}{{ key }}{% endfor %})
{%- endmacro %}


{# No two rows share the key, and no part of it is null but a home that nobody has. #}
{% macro rule_primary_key(meta, keys) -%}
primary_key as (

    select
        'primary_key' as broken_rule,
        {{ place_of(keys) }} as place
    from draft
    group by {{ keys | join(', ') }}
    having
        count(*) > 1
        {% for key in keys if meta['keys'].get(key) != 'area_or_none' -%}
        or {{ key }} is null
        {% endfor %}
)
{%- endmacro %}


{# What is asked of each row, beside its candidate and the decision of the suppression rule.

   withheld_is_null  a withheld row says nothing: every number of it is null; and a published row has
                     every number but those with a condition of their own
   decision          a row is published if its candidate has enough people and the suppression rule
                     does not withhold its cell, and only then; with dp_laplace nothing exact decides
   dominance,        no published sum or mean reveals one person; a published share has nobody, or
   complement        min_group_size people, on its other side too #}
{% macro rules_of_rows(meta, keys) -%}
{%- set contributions = contribution_rules(meta) -%}
draft_rows as (

    select
        {% for key in keys -%}
        {{ key }},
        {% endfor -%}
        table_cell,
        is_suppressed,
        {% for measure in contributions | map(attribute=1) | unique -%}
        {{ measure }} is not null as has_{{ measure }},
        {% endfor -%}
        is_suppressed is null
        {% for measure, rule in meta.measures.items() -%}
        or (is_suppressed and {{ measure }} is not null)
        {% if not conditions_of(rule) -%}
        or (not is_suppressed and {{ measure }} is null)
        {% endif -%}
        {% endfor -%}
        as says_too_much_or_too_little
    from draft

),

rows_judged as (

    select
        {{ place_of(keys, 'draft_rows.') }} as place,
        array(
            case when draft_rows.says_too_much_or_too_little then 'withheld_is_null' end,
            case
                when
                    {{ has_complementary_suppression() }}
                    and draft_rows.is_suppressed
                    {{ '<' if meta.get('published_where') else '<>' }} (
                        coalesce(candidates.n_subscribers, 0) < {{ var('min_group_size') }}
                        or withheld_cells.table_cell is not null
                    )
                    then 'decision'
            end
            {%- for name, measure, holds in contributions %},
            case
                when
                    draft_rows.has_{{ measure }}
                    and candidates.period is not null
                    and not coalesce({{ holds }}, false)
                    then '{{ name }}'
            end
            {%- endfor %}
        ) as broken_rules
    from draft_rows
    left join candidates
        on
            {% for key in keys -%}
            {{ 'and ' if not loop.first }}draft_rows.{{ key }} <=> candidates.{{ key }}
            {% endfor %}
    left join withheld_cells
        on draft_rows.table_cell = withheld_cells.table_cell

),

rules_of_rows as (

    select
        explode(array_compact(broken_rules)) as broken_rule,
        place
    from rows_judged

)
{%- endmacro %}


{# By the largest and second largest contributions of its candidate, what must hold for a measure to
   be published: name of the rule, measure, SQL over the candidate. #}
{% macro contribution_rules(meta) %}
    {% set rules = [] %}
    {% for measure, rule in meta.measures.items() %}
        {% if rule.get('amounts') %}
            {% do rules.append(('dominance of ' ~ measure, measure, is_not_dominated_by_one(rule))) %}
        {% endif %}
        {% for part in rule.get('parts', []) %}
            {% do rules.append(
                ('complement of ' ~ measure, measure, has_complement_size('0', part))
            ) %}
        {% endfor %}
        {% if rule.rule == 'share' %}
            {% do rules.append(
                ('complement of ' ~ measure, measure, has_complement_size(rule.part, rule.of))
            ) %}
        {% endif %}
        {% if rule.get('among') %}
            {% do rules.append(
                ('complement of ' ~ measure, measure, has_complement_size(measure, rule.among))
            ) %}
        {% endif %}
    {% endfor %}
    {% for complement in meta.get('complements', []) %}
        {% do rules.append((
            'complement ' ~ complement, 'n_subscribers', has_complement_size('0', complement)
        )) %}
    {% endfor %}
    {% if meta.get('moments') %}
        {% set moments = meta.moments %}
        {% set largest, second = moments.largest, moments.second_largest %}
        {% set nobody = ' or ' ~ moments.total ~ ' = 0' %}
        {% do rules.append(('dominance of sums', moments.of_measure,
            is_not_dominated(moments.total, largest, second) ~ nobody)) %}
        {% do rules.append(('dominance of squares', moments.of_measure, is_not_dominated(
            moments.squares, largest ~ ' * ' ~ largest, second ~ ' * ' ~ second
        ) ~ nobody)) %}
    {% endif %}
    {% do return(rules) %}
{% endmacro %}


{# No text looks like a hash or the number of a phone. Area ids may be long numbers, so a text
   that is the id of an area is let through. #}
{% macro rule_no_identifiers(mart) -%}
no_identifiers as (

    select
        'no_identifiers' as broken_rule,
        texts.text as place
    from (
        select explode(array_distinct(flatten(array(
            {%- for column in mart.columns.values() if column.data_type == 'string' %}
            collect_set({{ column.name }}){{ ',' if not loop.last }}
            {%- endfor %}
        )))) as text
        from draft
    ) as texts
    left anti join areas
        on texts.text = areas.area_id
    where
        texts.text rlike '^[0-9a-fA-F]{32,128}$'
        or texts.text rlike '^[+]?[0-9]{8,15}$'

)
{%- endmacro %}


{# No column is named like an identifier of a person, or like a minimum or maximum, which is
   the value of one person; medians and quartiles only where they are declared as order
   statistics; and every column is declared a key or a measure. #}
{% macro rule_columns(mart) -%}
{%- set meta = mart.config.meta -%}
{%- set identifiers = 'msisdn|imsi|imei|iccid|subscriber_id|counterpart_id|caller|callee|recipient'
    ~ '|device_id|hash|token|email|person_key|people_key|pid' -%}
{%- set extremes = 'min|max|minimum|maximum' -%}
{%- set order = 'median|quartiles?|quantiles?|percentiles?|p[0-9]{1,2}|q[1-3]' -%}
{%- set broken = [] -%}
{%- for name in mart.columns -%}
    {%- set rule = meta.measures.get(name, {}).get('rule') -%}
    {%- if modules.re.search('(^|_)(' ~ identifiers ~ ')$', name)
        or modules.re.search('(^|_)(' ~ extremes ~ ')(_|$)', name)
        or (modules.re.search('(^|_)(' ~ order ~ ')(_|$)', name) and rule != 'order_statistic')
        or (not rule and name not in key_columns(meta) + row_columns()) -%}
        {%- do broken.append(name) -%}
    {%- endif -%}
{%- endfor -%}
column_names as (
    {% for name in broken %}
    select 'column_names' as broken_rule, '{{ name }}' as place
    {{ 'union all' if not loop.last }}
    {% else %}
    select '' as broken_rule, '' as place where false
    {% endfor %}
)
{%- endmacro %}
