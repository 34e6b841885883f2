{# on-run-start: check the landing folder, then create external tables over it. Nothing is copied;
   only the name of an external table is ever dropped, never a file.

   For each folder: landing.<name>_files has the columns of the files, landing.<name> has ours, all
   as text, with the file each row came from. The var feeds names the optional feeds; one that is
   named and has no files has a view without rows. landing.event_files and
   landing.listening_event_files list the files of events, each with a version that changes whenever
   the file does, so that a build reads only new ones. landing.whole_files lists the packed files that
   have been unpacked to their end once. #}
{% macro create_landing() %}
    {# Documentation and single statements (dbt docs, show, compile) need no landing folder. #}
    {% if execute and flags.WHICH in ['build', 'run', 'test', 'retry'] %}
        {% set request = {} %}
        {% for name in ['landing_path', 'event_columns', 'recharge_columns', 'cell_site_columns',
            'area_columns', 'indicator_columns', 'event_delimiter', 'event_header',
            'study_timezone'] %}
            {% do request.update({name: var(name)}) %}
        {% endfor %}
        {% set answer = fromjson(run_query(
            "select inspect_landing('" ~ sql_text(tojson(request)) ~ "')"
        ).rows[0][0]) %}

        {% do run_query('create schema if not exists landing') %}
        {# All that is wrong is said at once. #}
        {% do stop_with(answer['problems'] + feeds_not_named(answer['tables'])
            + files_not_whole(answer['packed'])) %}

        {% for table in answer['tables'] if is_read(table) %}
            {% do run_query('drop table if exists landing.' ~ table['name'] ~ '_files') %}
            {% if table['format'] %}
                {% do run_query(landing_files_table(table)) %}
                {% do run_query(landing_view(table)) %}
            {% else %}
                {% do run_query(landing_view_without_rows(table)) %}
            {% endif %}
            {% if table['name'] in ['events', 'listening_events'] %}
                {% do make_file_list(table) %}
            {% endif %}
        {% endfor %}
    {% endif %}
{% endmacro %}


{# Sentences about packed files that do not unpack to their end. Each is unpacked once, by all cores
   (more than a million rows a second and core); landing.whole_files says which have been. #}
{% macro files_not_whole(packed) %}
    {% set sentences = [] %}
    {% if packed %}
        {% do run_query('create table if not exists landing.whole_files (landing_path string, '
            ~ 'source_file string, file_version string) using parquet') %}
        {% set path = "'" ~ sql_text(var('landing_path')) ~ "'" %}
        {% set rows, whole = [], [] %}
        {% for name, version in packed %}
            {% do rows.append("('" ~ sql_text(name) ~ "', '" ~ sql_text(version) ~ "')") %}
        {% endfor %}
        {% for name, version, problem in run_query(
            'select source_file, file_version, inspect_packed(' ~ path ~ ', source_file) from ('
            ~ 'select /*+ repartition(' ~ [rows | length, 200] | min ~ ') */ * from values '
            ~ rows | join(', ') ~ ' as packed (source_file, file_version)'
            ~ ' left anti join (select * from landing.whole_files where landing_path = ' ~ path
            ~ ') using (source_file, file_version)) order by source_file'
        ).rows %}
            {% if problem %}
                {% do sentences.append(name ~ ' ' ~ problem) %}
            {% else %}
                {% do whole.append("(" ~ path ~ ", '" ~ sql_text(name) ~ "', '" ~ sql_text(version)
                    ~ "')") %}
            {% endif %}
        {% endfor %}
        {% if whole %}
            {% do run_query('insert into landing.whole_files values ' ~ whole | join(', ')) %}
        {% endif %}
    {% endif %}
    {% do return(sentences) %}
{% endmacro %}


{# The optional feed that a folder belongs to; none for the required ones. #}
{% macro feed_of(table) %}
    {% do return({
        'recharges': 'recharges', 'listening_events': 'listening', 'customers': 'listening',
        'context': 'context', 'indicators': 'indicators'
    }.get(table['name'])) %}
{% endmacro %}


{% macro is_read(table) %}
    {% do return(not feed_of(table) or has_feed(feed_of(table))) %}
{% endmacro %}


{# Sentences about optional feeds that have landed but are not named by the var feeds. #}
{% macro feeds_not_named(tables) %}
    {% set sentences = [] %}
    {% for table in tables if table['format'] and not is_read(table) %}
        {% do sentences.append(table['name'] ~ '/ has landed in ' ~ var('landing_path')
            ~ ', but the var feeds does not name ' ~ feed_of(table) ~ '. Add it, as in feeds: ['
            ~ feed_of(table) ~ '], or take the folder away.') %}
    {% endfor %}
    {% do return(sentences) %}
{% endmacro %}


{# An external table over all files of one folder, with the columns of the files. #}
{% macro landing_files_table(table) %}
    {% set columns = [] %}
    {% for name, sql_type in table['file_columns'] %}
        {% do columns.append(quoted_name(name) ~ ' ' ~ sql_type) %}
    {% endfor %}
    {# Without globbing, a bracket or a star in a path is itself. #}
    {% set options = {
        'path': table['location'], 'recursiveFileLookup': 'true', '__globPaths__': 'false'
    } %}
    {% if table['format'] == 'csv' %}
        {# A row with too few or too many fields keeps its text here; only its presence is checked.
           With columnPruning Spark would see this only where all columns are read. #}
        {% do columns.append('_malformed_row string') %}
        {% do options.update({
            'header': table['has_header'] | string,
            'sep': table['delimiter'],
            'quote': '"',
            'escape': '"',
            'encoding': 'UTF-8',
            'mode': 'PERMISSIVE',
            'columnNameOfCorruptRecord': '_malformed_row',
            'columnPruning': 'false',
            'ignoreLeadingWhiteSpace': 'true',
            'maxColumns': '1000000',
        }) %}
    {% endif %}
    {% set option_lines = [] %}
    {% for name, text in options.items() %}
        {% do option_lines.append(name ~ " '" ~ sql_text(text) ~ "'") %}
    {% endfor %}
    {{ return(
        'create table landing.' ~ table['name'] ~ '_files (' ~ columns | join(', ') ~ ') '
        ~ 'using ' ~ table['format'] ~ ' options (' ~ option_lines | join(', ') ~ ')'
    ) }}
{% endmacro %}


{# Our columns as text over an external table; a column that the files do not have is null. #}
{% macro landing_view(table) %}
    {% set columns = [] %}
    {% for ours, theirs, kind in table['columns'] %}
        {% set value = landing_value(ours, theirs, kind) %}
        {% if ours in ['event_at', 'recharge_at'] %}
            {# Some files have timestamps, others text: one of two columns has the time. #}
            {% set is_time = kind is string and kind in ['nanoseconds', 'nanosecond_instant',
                'instant', 'int96', 'timestamp_ntz', 'date'] %}
            {% do columns.extend([
                'cast(' ~ ('null' if is_time else value) ~ ' as string) as ' ~ ours,
                'cast(' ~ (value if is_time else 'null') ~ ' as timestamp) as ' ~ ours ~ '_timestamp'
            ]) %}
        {% else %}
            {% do columns.append('cast(' ~ value ~ ' as string) as ' ~ ours) %}
        {% endif %}
    {% endfor %}
    {% if 'other_columns' in table %}
        {% do columns.append(other_columns(table['other_columns'])) %}
    {% endif %}
    {# Spark reports the path percent-encoded; url_decode would also turn a plus into a space.
       Decoding every row takes half as long as parsing it, so it is done only where needed. #}
    {% set decoded_path = "if(contains(_metadata.file_path, '%'), "
        ~ "url_decode(replace(_metadata.file_path, '+', '%2B')), _metadata.file_path)" %}
    {% set folder = table['folder'] ~ '/' %}
    {% do columns.append(
        ('_malformed_row is not null' if table['format'] == 'csv' else 'false') ~ ' as is_malformed'
    ) %}
    {% do columns.append(
        'substr(' ~ decoded_path ~ ", locate('" ~ sql_text(folder) ~ "', " ~ decoded_path ~ ') + '
        ~ folder | length ~ ') as source_file'
    ) %}
    {{ return(
        'create or replace view landing.' ~ table['name'] ~ ' as select ' ~ columns | join(', ')
        ~ ' from landing.' ~ table['name'] ~ '_files'
    ) }}
{% endmacro %}


{# What else the files have, as a map from its names there to texts. #}
{% macro other_columns(names) %}
    {% set entries = [] %}
    {% for name in names %}
        {% do entries.append("'" ~ sql_text(name) ~ "', " ~ quoted_name(name)) %}
    {% endfor %}
    {% do return(
        'cast(map(' ~ entries | join(', ') ~ ') as map<string, string>) as other_columns'
    ) %}
{% endmacro %}


{# The columns of landing_view, and no rows. #}
{% macro landing_view_without_rows(table) %}
    {% set columns = [] %}
    {% for ours, theirs, sql_type in table['columns'] %}
        {% do columns.append('cast(null as string) as ' ~ ours) %}
        {% if ours in ['event_at', 'recharge_at'] %}
            {% do columns.append('cast(null as timestamp) as ' ~ ours ~ '_timestamp') %}
        {% endif %}
    {% endfor %}
    {% if 'other_columns' in table %}
        {% do columns.append(other_columns([])) %}
    {% endif %}
    {{ return(
        'create or replace view landing.' ~ table['name'] ~ ' as select ' ~ columns | join(', ')
        ~ ', false as is_malformed, cast(null as string) as source_file where false'
    ) }}
{% endmacro %}


{# The files of a feed by name, each with its version. A table: there may be thousands, and the text
   of a view has room for some hundred. #}
{% macro make_file_list(table) %}
    {% set name = table['name'] | replace('events', 'event_files') %}
    {% if run_query("show views in landing like '" ~ name ~ "'").rows %}
        {# An earlier version of the project made it. #}
        {% do run_query('drop view landing.' ~ name) %}
    {% endif %}
    {% do run_query('drop table if exists landing.' ~ name) %}
    {% do run_query(
        'create table landing.' ~ name ~ ' using parquet as '
        ~ 'select file[0] as source_file, file[1] as file_version from (select explode(from_json('
        ~ "'" ~ sql_text(tojson(table['files'])) ~ "', 'array<array<string>>')) as file)"
    ) %}
{% endmacro %}


{# Our column as SQL over the columns of the files; null where they do not have it. Of several parts
   all have to be given, else the whole is null. #}
{% macro landing_value(ours, theirs, kind) -%}
    {%- if theirs is none -%}
        null
    {%- elif theirs is string -%}
        {{ landing_part(ours, theirs, kind) }}
    {%- else -%}
        {%- set parts = [] -%}
        {%- for name in theirs -%}
            {%- set part = 'cast(' ~ landing_part(ours, name, kind[loop.index0]) ~ ' as string)' -%}
            {%- do parts.append(identifier(part) if ours == 'cell_id' else 'trim(' ~ part ~ ')') -%}
        {%- endfor -%}
        {{ parts | join(" || '" ~ ('-' if ours == 'cell_id' else ' ') ~ "' || ") }}
    {%- endif -%}
{%- endmacro %}


{# One column of the files. An instant becomes what the clocks of the study showed then;
   inspect_landing asks for study_timezone where there is one. An identifier that came as a whole
   number with point, as pandas writes it where some are missing, has no point. #}
{% macro landing_part(ours, name, kind) -%}
    {%- set column = quoted_name(name) -%}
    {%- if kind == 'nanoseconds' -%}
        timestamp_micros({{ column }} div 1000)
    {%- elif kind == 'nanosecond_instant' -%}
        {{ local_time('timestamp_micros(' ~ column ~ ' div 1000)') }}
    {%- elif kind == 'instant' -%}
        {{ local_time(column) }}
    {%- elif kind == 'double' and ours.endswith('_id') -%}
        case
            when abs({{ column }}) < 9007199254740992 and {{ column }} = floor({{ column }})
                then cast(cast({{ column }} as bigint) as string)
            else cast({{ column }} as string)
        end
    {%- else -%}
        {{ column }}
    {%- endif -%}
{%- endmacro %}


{# A name of the files in SQL, whatever is in it. #}
{% macro quoted_name(name) -%}
    `{{ name | replace('`', '``') }}`
{%- endmacro %}
