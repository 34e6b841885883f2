{# on-run-start: the tables of the release itself exist, empty before the first one. Nothing that is
   there is touched: releases are published by `throng release publish` alone. #}
{% macro create_released() %}
    {% if execute and flags.WHICH in ['build', 'run', 'test', 'retry'] %}
        {% for schema, tables in tables_of_releases().items() %}
            {% do run_query('create schema if not exists ' ~ schema) %}
            {% set known = run_query('show tables in ' ~ schema).columns[1].values() | list %}
            {% for name, sql in tables.items() if name not in known %}
                {% do run_query(sql) %}
                {% if schema == 'protected' %}
                    {# dbt asked before which tables there are. #}
                    {% do adapter.cache_added(
                        api.Relation.create(schema=schema, identifier=name, type='table')
                    ) %}
                {% endif %}
            {% endfor %}
        {% endfor %}
        {% do add_new_columns() %}
    {% endif %}
{% endmacro %}


{# By schema: name and how it is made. Unit tests ask for the columns of
   int_withheld_cells before it is built for the first time. #}
{% macro tables_of_releases() %}
    {% set cells = '(table_cell string) using parquet' %}
    {% set protected = {
        'int_withheld_cells':
            'create table if not exists protected.int_withheld_cells ' ~ cells,
        'disclosure_repairs':
            'create table if not exists protected.disclosure_repairs ' ~ cells,
        'release_checks': 'create table if not exists protected.release_checks '
            ~ '(check_name string, content_sha256 string) using parquet',
        'published_cells': published_cells_sql(),
    } %}
    {% set released = {
        'areas': areas_table_sql(),
        'context_series': context_table_sql(),
        'ledger_entries': ledger_entries_table_sql(),
        'ledger': ledger_view_sql(),
    } %}
    {% if has_feed('indicators') %}
        {% do released.update({'indicators': indicators_table_sql()}) %}
    {% endif %}
    {% for mart in release_marts() %}
        {% do released.update({mart.name: released_table_sql(mart)}) %}
    {% endfor %}
    {% do return({'protected': protected, 'released': released}) %}
{% endmacro %}


{# Columns that an earlier version of the project did not publish: null in what it did. Readers see
   them from now on, since views of readers may ask for them. #}
{% macro add_new_columns() %}
    {% set columns = {'areas': published_area_columns()} %}
    {% for mart in release_marts() %}
        {% do columns.update({mart.name: mart.columns.values() | list}) %}
    {% endfor %}
    {% set changed = [] %}
    {% for row in run_query("show table extended in released like '*'").rows if row[1] in columns %}
        {% set new = [] %}
        {% for column in columns[row[1]] if ' |-- ' ~ column.name ~ ': ' not in row[3] %}
            {% do new.append(column.name ~ ' ' ~ column.data_type) %}
        {% endfor %}
        {% if new %}
            {% do run_query(
                'alter table released.' ~ row[1] ~ ' add columns (' ~ new | join(', ') ~ ')'
            ) %}
            {% do changed.append(row[1]) %}
        {% endif %}
    {% endfor %}
    {% if changed %}
        {% do show_releases_in_force(
            release_marts() | selectattr('name', 'in', changed) | list
        ) %}
    {% endif %}
{% endmacro %}


{# All releases of a mart, one partition each; rows are added and never changed. #}
{% macro released_table_sql(mart) %}
create table if not exists released.{{ mart.name }} (
    {% for column in mart.columns.values() %}
{{ column.name }} {{ column.data_type }},
    {% endfor %}
    release_id string
) using parquet partitioned by (release_id)
{% endmacro %}


{# What readers see of it: the rows that meet one of the conditions. One statement, so a reader
   sees the old or the new. #}
{% macro mart_view_sql(mart, conditions, create='create or replace view') %}
{{ create }} {{ mart.relation_name }} as
select {{ mart.columns.keys() | join(', ') }}
from released.{{ mart.name }}
where {{ conditions | join(' or ') if conditions else 'false' }}
{% endmacro %}


{% macro published_cells_sql() %}
create table if not exists protected.published_cells (
    mart string,
    period string,
    period_start timestamp,
    table_cell string,
    n_subscribers bigint,
    other_measures bigint,
    people_key bigint,
    release_id string
) using parquet partitioned by (release_id)
{% endmacro %}


{# One row for each mart and period that a release publishes or withdraws. #}
{% macro ledger_entries_table_sql() %}
create table if not exists released.ledger_entries (
    release_id string,
    recorded_at timestamp,
    status string,
    mart string,
    period string,
    period_start timestamp,
    min_group_size int,
    mechanism string,
    epsilon double,
    rounding_base int,
    relation_set string,
    method_version string,
    input_watermark timestamp,
    n_rows bigint,
    n_suppressed bigint,
    content_sha256 string,
    reason string
) using parquet
{% endmacro %}


{# All lists of areas that were published, one partition each. #}
{% macro areas_table_sql() %}
create table if not exists released.areas (
    {% for column in published_area_columns() %}
{{ column.name }} {{ column.data_type }},
    {% endfor %}
    published_at timestamp
) using parquet partitioned by (published_at)
{% endmacro %}


{# All lists of context that were published, one partition each. #}
{% macro context_table_sql() %}
create table if not exists released.context_series (
    area_level string,
    area_id string,
    series_name string,
    period string,
    period_start timestamp,
    series_value double,
    published_at timestamp
) using parquet partitioned by (published_at)
{% endmacro %}


{# All lists of indicators that were published, one partition each. #}
{% macro indicators_table_sql() %}
create table if not exists released.indicators (
    entity string,
    indicator string,
    is_higher_worse boolean,
    indicator_value double,
    published_at timestamp
) using parquet partitioned by (published_at)
{% endmacro %}


{# What is published of an area: all that readers see of it, but for what changes with time. #}
{% macro published_area_columns() %}
    {% do return(
        graph.nodes['model.' ~ project_name ~ '.areas'].columns.values()
        | rejectattr('name', 'equalto', 'is_current') | list
    ) %}
{% endmacro %}


{# The ledger as of now: a period is superseded once a later release publishes it again. #}
{% macro ledger_view_sql() %}
create view if not exists released.ledger as
with

publications as (

    select
        *,
        lead(release_id) over (
            partition by mart, period, period_start
            order by release_id
        ) as next_release_id
    from released.ledger_entries
    where status = 'published'

),

withdrawals as (

    select
        release_id,
        max(reason) as reason
    from released.ledger_entries
    where status = 'withdrawn'
    group by release_id

)

select
    publications.release_id,
    publications.recorded_at,
    case
        when withdrawals.release_id is not null then 'withdrawn'
        when publications.next_release_id is not null then 'superseded'
        else 'published'
    end as status,
    publications.mart,
    publications.period,
    publications.period_start,
    publications.min_group_size,
    publications.mechanism,
    publications.epsilon,
    publications.rounding_base,
    publications.relation_set,
    publications.method_version,
    publications.input_watermark,
    publications.n_rows,
    publications.n_suppressed,
    publications.content_sha256,
    withdrawals.reason
from publications
left join withdrawals
    on publications.release_id = withdrawals.release_id
{% endmacro %}
