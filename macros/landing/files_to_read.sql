{# int_events_checked reads on from what earlier builds have read. Two small tables tell how far:

   protected.event_files_read  the files that have been read completely, written last
   protected.event_reading     the days that a build is writing, dropped last: where it is still
                               there, a build was killed, and its days are written once more

   Without the first, all files are read again: that is always right. #}


{# What a build has to read, as SQL.

   files    the files to read: new ones, and those that would be read differently now
   dates    the dates that these, or files that changed or are gone, reach into
   is_any   whether there is anything to do
   version  the number of this reading, greater than that of any before: seconds since 1970 at first

   Files and dates are lists of literals, not joins: only so does Spark open the files and partitions
   that are needed and no others. #}
{% macro files_to_read(files, events) %}
    {% set names = {'read': [], 'gone': [], 'known': []} %}
    {% set dates = [] %}
    {% set numbers = [0] %}
    {% if execute and flags.WHICH in ['build', 'run', 'retry'] %}
        {% do numbers.append(run_started_at.timestamp() | int) %}
        {% if is_incremental() and 'event_files_read' in names_in_schema('protected') %}
            {% for name, is_landed, is_read in run_query(files_sql(files)).rows %}
                {% set kind = 'gone' if not is_landed else 'known' if is_read else 'read' %}
                {% do names[kind].append("'" ~ sql_text(name) ~ "'") %}
            {% endfor %}
        {% endif %}
        {% if is_incremental() and not names.known %}
            {# No file can stay as it was read: a table that is made at once does it in one pass. #}
            {% do adapter.drop_relation(load_relation(this)) %}
            {% do names.update({'read': [], 'gone': []}) %}
        {% endif %}
        {% if not is_incremental() %}
            {% do run_query('drop table if exists protected.event_files_read') %}
            {% do run_query('drop table if exists protected.event_reading') %}
        {% else %}
            {% do numbers.extend(days_made(this).values() | sum(start=[])) %}
            {% do drop_former_versions(this) %}
            {% do dates.extend(dates_of_files(events, names.read)) %}
            {% do dates.extend(dates_of_files(this, names.gone)) %}
            {% set files_open = names.read + names.gone %}
            {% do dates.extend(write_down_reading(dates, numbers | max + 1, files_open)) %}
        {% endif %}
    {% endif %}
    {% do return({
        'files': names.read | join(', '),
        'dates': dates | unique | join(', '),
        'is_any': 'true' if names.read or names.gone or dates else '',
        'version': (numbers | max + 1) ~ 'L',
    }) %}
{% endmacro %}


{# The dates of the rows that files have in a table, of accepted rows and of copies; as SQL. #}
{% macro dates_of_files(table, names) %}
    {% set dates = [] %}
    {% if names %}
        {% for row in run_query(
            'select distinct cast(cast(event_at as date) as string) from ' ~ table
            ~ ' where source_file in (' ~ names | join(', ') ~ ')'
            ~ " and coalesce(reject_reason, 'duplicate') = 'duplicate'"
        ).rows %}
            {% do dates.append("date'" ~ row[0] ~ "'") %}
        {% endfor %}
    {% endif %}
    {% do return(dates) %}
{% endmacro %}


{# The files there are, each with how it would be read. #}
{% macro files_now_sql(files) %}
select
    source_file,
    file_version,
    {{ reading_id('input_id') }} as reading_id
from {{ files }}
{% endmacro %}


{# Every file that has landed as it would be read now, and every file as it was read. A file that
   changed is there twice: landed and not read, and read and not there any more. #}
{% macro files_sql(files) %}
select
    coalesce(files.source_file, files_read.source_file) as source_file,
    files.source_file is not null as is_landed,
    files_read.source_file is not null as is_read
from ({{ files_now_sql(files) }}) as files
full outer join protected.event_files_read as files_read
    on
        files.source_file = files_read.source_file
        and files.reading_id = files_read.reading_id
{% endmacro %}


{# Before any day is written: which days, null standing for the rejected rows, and the number of the
   reading. Returns the days of a reading that was not finished, as SQL: they are still there. #}
{% macro write_down_reading(dates, version, files) %}
    {% set open = [] %}
    {% if 'event_reading' in names_in_schema('protected') %}
        {% for row in run_query(
            'select distinct cast(event_date as string) from protected.event_reading'
            ~ ' where event_date is not null'
        ).rows %}
            {% do open.append("date'" ~ row[0] ~ "'") %}
        {% endfor %}
    {% endif %}
    {% if files or open %}
        {% do run_query('create table if not exists protected.event_reading (event_date date, '
            ~ 'events_version bigint) using parquet') %}
        {% set rows = ['(cast(null as date), ' ~ version ~ 'L)'] %}
        {% for date in (dates + open) | unique %}
            {% do rows.append('(' ~ date ~ ', ' ~ version ~ 'L)') %}
        {% endfor %}
        {% do run_query('insert into protected.event_reading values ' ~ rows | join(', ')) %}
    {% endif %}
    {% do return(open) %}
{% endmacro %}


{# post-hook of int_events_checked, when all of its days are complete: drop what they replace, and
   the days of which nothing is left; then write down the files that have been read. #}
{% macro finish_reading(table, files) %}
    {% if execute %}
        {% set known = names_in_schema('protected') %}
        {% set written = [] %}
        {% if 'event_reading' in known %}
            {% set written = run_query(
                'select cast(event_date as string), max(events_version) '
                ~ 'from protected.event_reading group by event_date'
            ).rows | list %}
        {% endif %}
        {% set days = days_made(table) if written else {} %}
        {% set replaced = [] %}
        {% for day, version in written %}
            {% set day = day | string if day else none %}
            {% for former in days.get(day, []) if former < version %}
                {% do replaced.append((day, former)) %}
            {% endfor %}
        {% endfor %}
        {% do drop_days(table, replaced) %}
        {% if written or 'event_files_read' not in known %}
            {% do write_down_files(table, files) %}
        {% endif %}
        {% do run_query('drop table if exists protected.event_reading') %}
    {% endif %}
{% endmacro %}


{# The list of files that have been read, with the number of their rows when they were. #}
{% macro write_down_files(table, files) %}
    {% do run_query(
        'create table if not exists protected.event_files_read (source_file string, '
        ~ 'file_version string, reading_id bigint, n_rows bigint) using parquet'
    ) %}
    {% do run_query('drop table if exists protected.event_files_read__next') %}
    {% do run_query('create table protected.event_files_read__next using parquet as '
        ~ files_read_sql(table, files)) %}
    {% do run_query('drop table protected.event_files_read') %}
    {% do run_query('alter table protected.event_files_read__next '
        ~ 'rename to protected.event_files_read') %}
{% endmacro %}


{% macro files_read_sql(table, files) %}
with

files_now as (

    {{ files_now_sql(files) }}

),

rows_now as (

    select
        source_file,
        count(*) as n_rows
    from {{ table }}
    where events_version = (select max(events_version) from {{ table }})
    group by source_file

)

select
    files_now.source_file,
    files_now.file_version,
    files_now.reading_id,
    coalesce(files_read.n_rows, rows_now.n_rows, 0) as n_rows
from files_now
left join rows_now
    on files_now.source_file = rows_now.source_file
left join protected.event_files_read as files_read
    on
        files_now.source_file = files_read.source_file
        and files_now.reading_id = files_read.reading_id
{% endmacro %}


{# Before days of events are purged: a file of which some are dropped would still count as read. #}
{% macro forget_files_read(table) %}
    {% if table['name'] == 'int_events_checked' %}
        {% do run_query('drop table if exists protected.event_files_read') %}
    {% endif %}
{% endmacro %}


{# What changes whenever a file would be read differently: with its input_id, with the selects of
   the views that read and place events, vars included, with the cells there are, and with the rule of
   int_events_checked. All of them have been made when this is asked. #}
{% macro reading_id(input_id) -%}
    {%- set parts = [] -%}
    {%- if execute and flags.WHICH in ['build', 'run', 'retry'] -%}
        {%- set prefix = 'model.' ~ project_name ~ '.' -%}
        {%- do parts.append(
            tojson([var('event_delimiter'), var('event_header'), var('subscriber_buckets')])
            ~ graph.nodes[prefix ~ 'int_events_checked'].checksum.checksum
            ~ select_of_view('landing.events')
            ~ select_of_view(graph.nodes[prefix ~ 'stg_landing__events'].relation_name)
            ~ select_of_view(graph.nodes[prefix ~ 'int_events_placed'].relation_name)
            ~ content_of_table(graph.nodes[prefix ~ 'int_cell_site_versions'].relation_name)
        ) -%}
    {%- endif -%}
    xxhash64({{ input_id }}, '{{ local_md5(parts | join) }}')
{%- endmacro %}
