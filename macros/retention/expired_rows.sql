{# SQL of the tables that hold rows older than their class allows, as of the var retention_as_of; no
   table where that is null, or where nothing has been built. #}
{% macro expired_rows() %}
    {% set selects = [] %}
    {# A build replaces the tables that this reads. #}
    {% set last_dates = last_study_dates()
        if execute and var('retention_as_of') and flags.WHICH == 'test' %}
    {% if last_dates %}
        {% do require_named_feeds() %}
        {% set tables = retained_tables() %}
        {% set built = {} %}
        {% for schema in tables | map(attribute='schema') | unique %}
            {% do built.update({schema: columns_in_schema(schema)}) %}
        {% endfor %}
        {% for table in tables if table['name'] in built[table['schema']] %}
            {% set columns = built[table['schema']][table['name']] %}
            {% set first_kept = first_kept_date(table['class'], var('retention_as_of')) %}
            {% do selects.append(
                "select '" ~ table['name'] ~ "' as table_name, '" ~ first_kept
                ~ "' as first_kept_date, cast(min(row_date) as string) as oldest_date, "
                ~ "count(*) as n_rows from (select " ~ retention_date(columns, last_dates)
                ~ " as row_date from " ~ table['relation'] ~ ") where row_date < '" ~ first_kept
                ~ "' having count(*) > 0"
            ) %}
        {% endfor %}
    {% endif %}
    {{ return(
        selects | join(' union all ') or "select cast(null as string) as table_name where false"
    ) }}
{% endmacro %}
