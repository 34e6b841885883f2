{# Tables of days are partitioned by event_date and events_version: which reading of the day's
   events a day was made of. A day that is made again gets a new partition, and its former one is
   dropped once the new one is complete: whenever a build is killed, a day is there whole, perhaps in
   two versions, of which the last one counts. #}


{# The versions of each day of such a table, the last one last: {'2020-02-03': [1580688000]}. The
   rejected rows of int_events_checked have no date: none. #}
{% macro days_made(table) %}
    {% set days = {} %}
    {% for row in run_query('show partitions ' ~ table).rows %}
        {% set values = row[0].split('/') | map('replace', 'event_date=', '')
            | map('replace', 'events_version=', '') | list %}
        {% set day = none if values[0].startswith('__HIVE') else values[0] %}
        {% do days.update({day: (days.get(day, []) + [values[1] | int]) | sort}) %}
    {% endfor %}
    {% do return(days) %}
{% endmacro %}


{# Drop partitions: [(day, version)]. #}
{% macro drop_days(table, partitions) %}
    {% if partitions %}
        {% set specs = [] %}
        {% for day, version in partitions %}
            {% do specs.append('partition (event_date = '
                ~ ("'" ~ day ~ "'" if day else 'null') ~ ', events_version = ' ~ version ~ ')') %}
        {% endfor %}
        {% do run_query('alter table ' ~ table ~ ' drop if exists ' ~ specs | join(', ')) %}
    {% endif %}
{% endmacro %}


{# Drop all but the last version of each day. #}
{% macro drop_former_versions(table) %}
    {% set former = [] %}
    {% for day, versions in days_made(table).items() %}
        {% for version in versions[:-1] %}
            {% do former.append((day, version)) %}
        {% endfor %}
    {% endfor %}
    {% do drop_days(table, former) %}
{% endmacro %}


{# on-run-start of a build of a part: what a killed build has left between making days and dropping
   their former versions, so that no model reads a day twice. Tables that are built now see to it
   themselves. #}
{% macro finish_days() %}
    {% if execute and flags.WHICH in ['build', 'run', 'retry', 'test'] %}
        {% set left_out = [] %}
        {% for node in graph.nodes.values() if node.resource_type == 'model'
            and is_table_of_days(node) and node.unique_id not in selected_resources %}
            {% do left_out.append(node) %}
        {% endfor %}
        {% set names = names_in_schema('protected') if left_out else [] %}
        {% for node in left_out if node.name in names and has_versions(node.relation_name) %}
            {% do drop_former_versions(node.relation_name) %}
        {% endfor %}
    {% endif %}
{% endmacro %}


{% macro is_table_of_days(node) %}
    {% do return(node.config.materialized == 'by_day' or node.name == 'int_events_checked') %}
{% endmacro %}


{# Not so a table that an earlier version of the project made. #}
{% macro has_versions(table) %}
    {% do return('events_version' in run_query('describe ' ~ table).columns[0].values()) %}
{% endmacro %}
