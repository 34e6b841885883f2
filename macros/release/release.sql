{# What may be published of a candidate: every cell of the study, null where it may not. The only
   place where a mart is made of its candidate.

   declaration  YAML: what the mart is (docs/release.md lists its words)
   candidate    every cell with people, exact
   values       a table with the values that key columns have beside periods and areas
   cells        a table with all keys, where they are not periods by areas by values
   verdicts     a table of a suppression rule of its own, and by which columns it is joined #}
{% macro release(declaration, candidate, values=none, cells=none, verdicts=none, verdicts_by=[]) %}
{%- set mart = fromyaml(declaration) -%}
{{- config(materialized='released', meta=mart) -}}
{%- set name = (model.get('tested_node_unique_id') or model.unique_id).split('.')[-1] -%}
{%- set keys = key_columns(mart) -%}

with

candidates as (

    select
        *,
        {{ table_cell(name, cell_columns(mart)) }} as table_cell
    from {{ candidate }}

),

withheld_cells as (

    {{ withheld_cells_of(name) }}

),

complete_periods as (

    select
        period as of_period,
        period_start as of_period_start,
        is_complete
    from {{ ref('int_complete_periods') }}

),
{%- if verdicts %}

verdicts as (

    select * from {{ verdicts }}

),
{%- endif %}

{{ study_cells(mart, values, cells) }}

cells_counted as (

    select
        cells.*,
        candidates.* except ({{ keys | join(', ') }}, n_subscribers),
        {{ count_to_judge(name, mart) }} as n_subscribers
    from cells
    left join candidates
        on
            {% for key in keys -%}
            {{ 'and ' if not loop.first }}cells.{{ key }}
            {{- ' <=> ' if mart['keys'].get(key) == 'area_or_none' else ' = ' }}candidates.{{ key }}
            {% endfor %}
),

cells_judged as (

    select
        cells_counted.*,
        {%- if verdicts %}
        verdicts.* except ({{ verdicts_by | join(', ') }}),
        {%- endif %}
        coalesce(
            {{ has_min_group_size('cells_counted.n_subscribers') }}
            and withheld_cells.table_cell is null
            {%- if mart.get('published_where') %}
            and {{ mart.published_where }}
            {%- endif %},
            false
        ) as is_published
    from cells_counted
    left join withheld_cells
        on cells_counted.table_cell = withheld_cells.table_cell
    {%- if verdicts %}
    left join verdicts
        on
            {% for key in verdicts_by -%}
            {{ 'and ' if not loop.first }}cells_counted.{{ key }} = verdicts.{{ key }}
            {% endfor %}
    {%- endif %}

),

final as (

    select
        {% for key in keys -%}
        {{ key }},
        {% endfor -%}
        {% for measure, rule in mart.measures.items() -%}
        case when {{ (['is_published'] + conditions_of(rule)) | join(' and ') }}
            then {{ released_measure(measure, rule) }} end as {{ measure }},
        {% endfor -%}
        not is_published as is_suppressed,
        is_complete,
        table_cell
    from cells_judged
    left join complete_periods
        on
            period = of_period
            and period_start = of_period_start

)

select * from final
{%- endmacro %}


{# The CTE `cells`: every combination of keys that the study can have, with people or without. So
   that a row is there says nothing. #}
{% macro study_cells(mart, values, cells) -%}
{%- set areas = area_columns(mart) -%}
{%- set period_list = "'" ~ mart['keys']['period'] | join("', '") ~ "'" -%}
{%- if cells -%}
cells as (

    select * from {{ cells }}

),
{%- else -%}
periods as (

    select * from {{ ref('int_study_periods') }}
    where period in ({{ period_list }})

),
{%- if areas %}

areas as (

    select * from {{ ref('int_area_list') }}

),
{%- endif %}
{%- if 'area_or_none' in mart['keys'].values() %}

areas_or_none as (

    select
        area_level,
        area_id
    from areas

    union all

    select
        area_level,
        cast(null as string) as area_id
    from areas
    group by area_level

),
{%- endif %}
{%- if values %}

key_values as (

    select * from {{ values }}

),
{%- endif %}

cells as (

    select
        periods.period,
        periods.period_start
        {%- if areas %},
        areas_1.area_level,
        areas_1.area_id as {{ areas[0] }}
        {%- endif %}
        {%- if areas | length > 1 %},
        areas_2.area_id as {{ areas[1] }}
        {%- endif %}
        {%- for key, role in mart['keys'].items() if role is mapping %},
        values_of_{{ key }}.{{ key }}
        {%- endfor %}
        {%- if values %},
        key_values.*
        {%- endif %}
    from periods
    {%- if areas %}
    {%- set first = 'areas_or_none' if mart['keys'][areas[0]] == 'area_or_none' else 'areas' %}
    cross join {{ first }} as areas_1
    {%- endif %}
    {%- if areas | length > 1 %}
    inner join areas as areas_2
        on
            areas_1.area_level = areas_2.area_level
            {%- if mart['keys'][areas[1]] == 'later_area' %}
            and areas_1.area_id < areas_2.area_id
            {%- elif mart['keys'][areas[1]] == 'other_area' %}
            and areas_1.area_id <> areas_2.area_id
            {%- endif %}
    {%- endif %}
    {%- for key, role in mart['keys'].items() if role is mapping %}
    cross join (select explode({{ listed_values(role) }}) as {{ key }}) as values_of_{{ key }}
    {%- endfor %}
    {%- if values %}
    cross join key_values
    {%- endif %}

),
{%- endif -%}
{%- endmacro %}


{# {values: [a, b]} or {first: 0, last: 23} as an array of SQL. #}
{% macro listed_values(role) -%}
    {% if 'values' in role -%}
        array('{{ role['values'] | join("', '") }}')
    {%- else -%}
        sequence({{ role.first }}, {{ role.last }})
    {%- endif %}
{%- endmacro %}

