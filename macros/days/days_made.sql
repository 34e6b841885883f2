{# Tables of days are partitioned by event_date and events_version: which reading of the day's
   events a day was made of. A day that is made again gets a new partition, and its former one is dropped
   once the new one is complete: a day is there whole or not at all, whenever a build is killed. #}


{# The versions of each day of such a table, the last one last: {'2020-02-03': ['1580688000']}. The
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


{# on-run-start: what a build that was killed between making days and dropping their former versions
   has left, so that no model reads a day twice. Events of which some have been purged are read again
   from the files there are: what is left of a file does not tell what was in it. So are those of a
   table that an earlier version of the project made, without versions of days. #}
{% macro finish_days() %}
    {% if execute and flags.WHICH in ['build', 'run', 'retry'] %}
        {% set built = names_in_schema('protected') %}
        {% for node in graph.nodes.values()
            if node.resource_type == 'model' and is_table_of_days(node) and node.name in built %}
            {% set first = run_query('show partitions ' ~ node.relation_name).rows[0] %}
            {% if not first or 'events_version=' not in first[0] or (
                node.name == 'int_events_checked' and table_property(node.relation_name, 'purged')
            ) %}
                {% do adapter.drop_relation(api.Relation.create(
                    schema=node.schema, identifier=node.name, type='table')) %}
            {% else %}
                {% do drop_former_versions(node.relation_name) %}
            {% endif %}
        {% endfor %}
    {% endif %}
{% endmacro %}


{% macro is_table_of_days(node) %}
    {% do return(node.config.materialized == 'by_day' or node.name == 'int_events_checked') %}
{% endmacro %}


{# A property that the project gave a table; an empty text where it has none. #}
{% macro table_property(table, name) %}
    {% set key = 'throng.' ~ name %}
    {% set value = run_query('show tblproperties ' ~ table ~ " ('" ~ key ~ "')").rows[0][1] %}
    {% do return('' if 'does not have property' in value else value) %}
{% endmacro %}


{% macro set_table_property(table, name, value) %}
    {% do run_query('alter table ' ~ table ~ " set tblproperties ('throng." ~ name ~ "' = '"
        ~ value ~ "')") %}
{% endmacro %}
