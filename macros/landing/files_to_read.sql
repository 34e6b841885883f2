{# What int_events_checked has to read, if a build reads on from an earlier one; as SQL.

   files    the files to read: new ones, and those that would be read differently now
   dates    the dates that these, or files that changed or are gone, reach into
   is_any   whether there is anything to do
   version  the number of this reading, greater than that of any before: seconds since 1970 at first

   Files and dates are lists of literals, not joins: only so does Spark open the files and partitions
   that are needed and no others. #}
{% macro files_to_read(files, events) %}
    {% set names = {'read': [], 'gone': []} %}
    {% set dates = [] %}
    {% set numbers = [0] %}
    {% if execute and not is_incremental() %}
        {% do numbers.append(run_started_at.timestamp() | int) %}
    {% elif execute %}
        {% do numbers.extend(days_made(this).values() | sum(start=[])) %}
        {% for name, is_landed in run_query(differing_files_sql(this, files)).rows %}
            {% do names['read' if is_landed else 'gone'].append("'" ~ sql_text(name) ~ "'") %}
        {% endfor %}
        {% for relation, files_there in [(events, names.read), (this, names.gone)]
            if files_there %}
            {% for row in run_query(
                'select distinct cast(cast(event_at as date) as string) from ' ~ relation
                ~ ' where source_file in (' ~ files_there | join(', ') ~ ')'
                ~ " and coalesce(reject_reason, 'duplicate') = 'duplicate'"
            ).rows %}
                {% do dates.append("date'" ~ row[0] ~ "'") %}
            {% endfor %}
        {% endfor %}
    {% endif %}
    {% do return({
        'files': names.read | join(', '),
        'dates': dates | unique | join(', '),
        'is_any': 'true' if names.read or names.gone else '',
        'version': (numbers | max + 1) ~ 'L',
    }) %}
{% endmacro %}


{# Files that have landed and were not read as they would be now, and files that were read so and
   are not there any more. A file that changed is both. #}
{% macro differing_files_sql(table, files) %}
with

files_read as (

    select distinct
        source_file,
        reading_id
    from {{ table }}

)

select
    coalesce(files.source_file, files_read.source_file) as source_file,
    files.source_file is not null as is_landed
from ({{ files_with_reading_id_sql(files) }}) as files
full outer join files_read
    on
        files.source_file = files_read.source_file
        and files.reading_id = files_read.reading_id
where files.source_file is null or files_read.source_file is null
{% endmacro %}


{# post-hook of int_events_checked: drop the former versions of what was written again, and the days
   of which nothing is left, because they are of files that have gone or changed. #}
{% macro forget_files(table, files) %}
    {% if execute %}
        {% do drop_former_versions(table) %}
        {% set days = days_made(table) %}
        {% if days.values() | sum(start=[]) | unique | list | length > 1 %}
            {% do drop_days(table, run_query(
                'select cast(event_date as string), events_version from ' ~ table
                ~ ' left join (' ~ files_with_reading_id_sql(files) ~ ')'
                ~ ' using (source_file, reading_id) group by event_date, events_version'
                ~ ' having count(is_landed) = 0'
            ).rows) %}
        {% endif %}
    {% endif %}
{% endmacro %}


{% macro files_with_reading_id_sql(files) -%}
select
    source_file,
    {{ reading_id('input_id') }} as reading_id,
    true as is_landed
from {{ files }}
{%- endmacro %}


{# What changes whenever a file would be read differently: with its input_id, and with how events
   are read and checked, that is, with the selects of the views that read them, vars included, and
   with the models behind them. The views have been made when this is asked. #}
{% macro reading_id(input_id) -%}
    {%- set parts = [var('event_delimiter'), var('event_header') | string] -%}
    {%- if execute -%}
        {%- set prefix = 'model.' ~ project_name ~ '.' -%}
        {%- set events = graph.nodes[prefix ~ 'stg_landing__events'].relation_name -%}
        {%- for view in ['landing.events', events] -%}
            {#- Before the select stands when the view was made. -#}
            {%- set text = run_query('show create table ' ~ view).rows[0][0] -%}
            {%- do parts.append(text.split('\nAS ', 1)[1]) -%}
        {%- endfor -%}
        {%- for name in ['int_cell_site_versions', 'int_events_placed', 'int_events_checked'] -%}
            {%- do parts.append(graph.nodes[prefix ~ name].checksum.checksum) -%}
        {%- endfor -%}
    {%- endif -%}
    xxhash64({{ input_id }}, '{{ local_md5(parts | join(' | ')) }}')
{%- endmacro %}
