{# The events of the var study_events as a select: name, first and last date, their number of days,
   and the ids of their areas, or null for all. Before a run nobody has looked at the var. #}
{% macro study_events() -%}
select
    event_name,
    first_date,
    last_date,
    datediff(last_date, first_date) + 1 as n_days,
    area_ids
from (
    {%- for event in (var('study_events') if execute else []) %}
    select
        '{{ sql_text(event["name"]) }}' as event_name,
        date '{{ event["from"] }}' as first_date,
        date '{{ event["to"] }}' as last_date,
        {% if event.get('areas') -%}
        array(
            {%- for area in event['areas'] -%}
            '{{ sql_text(area | string) }}'{{ ', ' if not loop.last }}
            {%- endfor -%}
        ) as area_ids
        {%- else -%}
        cast(null as array<string>) as area_ids
        {%- endif %}
    union all
    {%- endfor %}
    select
        cast(null as string) as event_name,
        cast(null as date) as first_date,
        cast(null as date) as last_date,
        cast(null as array<string>) as area_ids
)
where event_name is not null
{%- endmacro %}
