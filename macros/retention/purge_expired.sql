{# dbt run-operation purge_expired [--args '{as_of: 2020-06-01, dry_run: true}']

   Removes the rows that are older than the class of retention of their table allows, as of a date
   (today, if none is given: this is a command for an operator, not a model). A table that is
   partitioned by event_date loses partitions; of the others, one of which nothing is left is
   emptied, and one of which something is left is replaced by a copy without the expired rows.
   Landing files and marts are never touched. #}
{% macro purge_expired(as_of=none, dry_run=false) %}
    {% do check_vars() %}
    {% do require_named_feeds() %}
    {% do check_date('argument as_of', as_of) %}
    {% if dry_run is not boolean %}
        {% do stop("The argument dry_run is '" ~ dry_run ~ "'; set it to true or false.") %}
    {% endif %}
    {% set today = modules.datetime.date.today() | string %}
    {% set as_of = (as_of or today) | string %}
    {% if as_of > today and not dry_run %}
        {% do stop("The argument as_of is " ~ as_of ~ ", after today (" ~ today ~ "): that would "
            ~ "remove what may still be kept. With dry_run: true you see what.") %}
    {% endif %}

    {% set lines = [['table', 'class', 'kept', 'removed', 'oldest left']] %}
    {% set tables = retained_tables() %}
    {% set known = [] %}
    {% for node in graph.nodes.values() if node.resource_type in ['model', 'seed'] %}
        {% do known.append(node.schema ~ '.' ~ node.name) %}
    {% endfor %}
    {% for table in tables %}
        {% do known.append(table['schema'] ~ '.' ~ table['name']) %}
    {% endfor %}
    {% set unknown = [] %}
    {% set last_dates = last_study_dates() %}
    {% for schema in tables | map(attribute='schema') | unique %}
        {% if not dry_run %}
            {% do finish_purge(tables, schema) %}
        {% endif %}
        {% set built = columns_in_schema(schema) %}
        {% for name in built if schema ~ '.' ~ name not in known %}
            {% do unknown.append(schema ~ '.' ~ name) %}
        {% endfor %}
        {% set groups = rows_by_age(tables, built, last_dates, schema, as_of) %}
        {% for table in tables if table['schema'] == schema %}
            {% set days = var('retention_' ~ table['class'] ~ '_days') ~ ' days' %}
            {% set result = ['not built', ''] %}
            {% if table['name'] in built and last_dates %}
                {% set first_kept = first_kept_date(table['class'], as_of) %}
                {% set row_date = retention_date(built[table['name']], last_dates) %}
                {% set result = purge_table(
                    table, groups.get(table['name'], []), row_date, first_kept, dry_run
                ) %}
            {% endif %}
            {% do lines.append([table['name'], table['class'], days] + result) %}
        {% endfor %}
    {% endfor %}

    {% do print('Purge as of ' ~ as_of ~ (' (today)' if as_of == today else '')
        ~ (': a dry run, nothing is removed' if dry_run else '')) %}
    {% for line in aligned(lines) %}
        {% do print(line) %}
    {% endfor %}
    {% for name in unknown %}
        {% do print('Not touched: ' ~ name ~ ', which is no model and has no class.') %}
    {% endfor %}
    {% do print('Not touched: marts (published), and the landing files in ' ~ var('landing_path')
        ~ ', which are the operator\'s. A build over expired files makes expired rows again.') %}
{% endmacro %}


{# Of each table of a schema its rows by age, by table name: one row per partition; for a table
   without partitions two rows, expired and not. A partition is dropped if anything in it is expired:
   that of the rejected rows has many dates. One query for many tables: each alone takes half a
   second. #}
{% macro rows_by_age(tables, built, last_dates, schema, as_of) %}
    {% set queries = [] %}
    {% for table in tables
        if last_dates and table['schema'] == schema and table['name'] in built %}
        {% set by_day = 'event_date' in table['partition_by'] %}
        {% set first_kept = first_kept_date(table['class'], as_of) %}
        {% do queries.append(
            "select '" ~ table['name'] ~ "' as table_name, "
            ~ ("cast(event_date as string)" if by_day
                else "cast(row_date < '" ~ first_kept ~ "' as string)")
            ~ " as part, count(*) as n_rows, cast(min(row_date) as string) as oldest, "
            ~ "min(row_date) < '" ~ first_kept ~ "' as is_expired from (select *, "
            ~ retention_date(built[table['name']], last_dates) ~ " as row_date from "
            ~ table['relation'] ~ ") as dated group by all"
        ) %}
    {% endfor %}
    {% set groups = {} %}
    {% for some in queries | batch(25) %}
        {% for name, part, n_rows, oldest, is_expired in run_query(
            some | join(' union all ') ~ ' order by table_name, part'
        ).rows %}
            {% do groups.setdefault(name, []).append([part, n_rows, oldest, is_expired]) %}
        {% endfor %}
    {% endfor %}
    {% do return(groups) %}
{% endmacro %}


{# Purge one table with these groups of rows, the age of which counts from row_date (SQL): returns
   [what was removed, oldest date left]. #}
{% macro purge_table(table, groups, row_date, first_kept, dry_run) %}
    {% set by_day = 'event_date' in table['partition_by'] %}
    {% set expired = [] %}
    {% set oldest_left = [] %}
    {% set sums = namespace(n_rows=0) %}
    {% for part, n_rows, oldest, is_expired in groups %}
        {% if is_expired %}
            {% do expired.append("partition (event_date = "
                ~ ("'" ~ part ~ "'" if part else 'null') ~ ")") %}
            {% set sums.n_rows = sums.n_rows + n_rows | int %}
        {% elif oldest %}
            {% do oldest_left.append(oldest | string) %}
        {% endif %}
    {% endfor %}

    {% if expired and not dry_run %}
        {# What it was made of goes first: after a kill, a build must not take the rest for the
           whole table. #}
        {% do unset_made_of(table['relation']) %}
        {% if by_day %}
            {% do forget_files_read(table) %}
            {% do run_query('alter table ' ~ table['relation'] ~ ' drop if exists '
                ~ expired | join(', ')) %}
        {% elif expired | length == groups | length %}
            {% do run_query('truncate table ' ~ table['relation']) %}
        {% else %}
            {% set side = table['schema'] ~ '.' ~ table['name'] ~ '__purged' %}
            {% do run_query(
                'create table ' ~ side ~ ' using ' ~ table['file_format']
                ~ (' partitioned by (' ~ table['partition_by'] | join(', ') ~ ')'
                    if table['partition_by'] else '')
                ~ ' as select * from ' ~ table['relation']
                ~ " where not coalesce(" ~ row_date ~ " < '" ~ first_kept ~ "', false)"
            ) %}
            {% do run_query('drop table ' ~ table['relation']) %}
            {% do run_query('alter table ' ~ side ~ ' rename to ' ~ table['relation']) %}
        {% endif %}
    {% endif %}
    {% set removed = '{:,} rows'.format(sums.n_rows) %}
    {% if by_day and expired %}
        {% set removed = removed ~ ' in ' ~ expired | length ~ ' partition'
            ~ ('s' if expired | length > 1 else '') %}
    {% endif %}
    {{ return([removed, oldest_left | min if oldest_left else 'nothing left']) }}
{% endmacro %}


{# What a killed purge left behind: the copy replaces a table that is already gone; beside an
   existing table it may be incomplete, so it is dropped. #}
{% macro finish_purge(tables, schema) %}
    {% set names = names_in_schema(schema) %}
    {% for table in tables if table['schema'] == schema and table['name'] ~ '__purged' in names %}
        {% set side = schema ~ '.' ~ table['name'] ~ '__purged' %}
        {% if table['name'] in names %}
            {% do run_query('drop table ' ~ side) %}
        {% else %}
            {% do run_query('alter table ' ~ side ~ ' rename to ' ~ table['relation']) %}
        {% endif %}
    {% endfor %}
{% endmacro %}


{# Rows of text with aligned columns. #}
{% macro aligned(rows) %}
    {% set lines = [] %}
    {% for row in rows %}
        {% set cells = [] %}
        {% for text in row %}
            {% set column = loop.index0 %}
            {% set width = rows | map(attribute=column) | map('length') | max %}
            {% do cells.append(text.ljust(width)) %}
        {% endfor %}
        {% do lines.append(cells | join('  ')) %}
    {% endfor %}
    {{ return(lines) }}
{% endmacro %}
