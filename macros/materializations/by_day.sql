{# A table whose rows of a day follow from the events of that day alone. Its select is written for
   all days; a build makes only the days whose events have been read again since, and all of them if
   the rule has changed. The select has event_date as its last column; Spark moves the condition on
   it down to the events, through what is grouped or ordered within a day. #}
{% materialization by_day, adapter='spark' %}
    {% set rule = rule_of_days(model, sql) %}
    {% set there = load_relation(this) %}
    {% set is_new = not there or should_full_refresh() or table_property(this, 'rule') != rule %}
    {% set made = {} if is_new else days_made(this) %}
    {% set versions = {} %}
    {% set events = graph.nodes['model.' ~ project_name ~ '.int_events_checked'] %}
    {% for day, numbers in days_made(events.relation_name).items() if day %}
        {% do versions.update({day: numbers[-1]}) %}
    {% endfor %}

    {% set days_to_make = [] %}
    {% for day, version in versions.items() if made.get(day) != [version] %}
        {% do days_to_make.append(day) %}
    {% endfor %}
    {% set days_to_drop = [] %}
    {% for day, numbers in made.items() if day in days_to_make or day not in versions %}
        {% for number in numbers if number != versions.get(day) %}
            {% do days_to_drop.append((day, number)) %}
        {% endfor %}
    {% endfor %}

    {{ run_hooks(pre_hooks) }}
    {% if is_new %}
        {% do run_query('drop table if exists ' ~ this) %}
        {% call statement('main') %}
            create table {{ this }}
            {{ file_format_clause() }}
            tblproperties ('throng.rule' = '{{ rule }}')
            partitioned by (event_date, events_version)
            {{ clustered_cols(label='clustered by') }}
            as
            {{ days_with_versions(sql, versions) }}
        {% endcall %}
    {% elif days_to_make %}
        {% do run_query('set spark.sql.sources.partitionOverwriteMode = dynamic') %}
        {% call statement('main') %}
            insert overwrite table {{ this }} partition (event_date, events_version)
            {{ days_with_versions(sql, versions, days_to_make) }}
        {% endcall %}
    {% else %}
        {% call noop_statement('main', message='no day to make') %}
            {{ sql }}
        {% endcall %}
    {% endif %}
    {% do drop_days(this, days_to_drop) %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [this]}) }}
{% endmaterialization %}


{# The select, of all days or of some, with the version of each day as its last column. #}
{% macro days_with_versions(sql, versions, days=none) %}
select
    days.* except (event_date),
    days.event_date,
    versions.events_version
from (
    {{ sql }}
) as days
inner join (
    select * from values
        {%- for day in (days or versions) %}
        (date'{{ day }}', {{ versions[day] }}L){{ ',' if not loop.last }}
        {%- else %}
        (cast(null as date), 0L)
        {%- endfor %}
        as versions (event_date, events_version)
) as versions
    on days.event_date = versions.event_date
{%- if days %}
where days.event_date in (
    {%- for day in days %}date'{{ day }}'{{ ', ' if not loop.last }}{% endfor -%}
)
{%- endif %}
{% endmacro %}


{# What the rows of a day are made of, beside its events. #}
{% macro rule_of_days(node, sql) %}
    {% set parts = [sql, node.config.get('buckets')]
        + versions_of_inputs(node, sql, without_days=true) %}
    {% do return(local_md5(parts | join(' | '))) %}
{% endmacro %}
