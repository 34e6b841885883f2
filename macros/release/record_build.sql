{# on-run-end: after a green build, write down what it made, for the audit and for publish: the
   settings, a content hash of each mart and period, and that the tests passed. A build of a part of
   the project, or one with a failure, leaves no record, and what has no record is not published.
   The part that counts as a whole is all that follows int_withheld_cells, over candidates that have
   passed in a whole build: what the audit builds again after it has asked to withhold more. #}
{% macro record_build(results) %}
    {% if execute and flags.WHICH == 'build' and none_failed(results) %}
        {% set built = results | map(attribute='node.unique_id') | list %}
        {% set candidates = candidates_hash()
            if gated_nodes() | reject('in', built) | list == [] else none %}
        {% if candidates and (all_nodes() | reject('in', built) | list == []
            or candidates == candidates_recorded()) %}
            {% do replace_table('protected.release_settings', release_settings_sql(candidates)) %}
            {% do replace_table('protected.disclosure_relations', disclosure_relations_sql()) %}
            {% do replace_table('protected.mart_columns', mart_columns_sql()) %}
            {% do replace_table(
                'protected.release_partitions', release_partitions_sql()
            ) %}
            {% do record_check('tests') %}
        {% endif %}
    {% endif %}
{% endmacro %}


{# Of an exposure, dbt says no-op: there is nothing to build. #}
{% macro none_failed(results) %}
    {% do return(
        results | map(attribute='status') | reject('in', ['success', 'pass', 'no-op']) | list == []
    ) %}
{% endmacro %}


{# Every model, seed and data test of the project that dbt builds or runs (ephemeral models are
   part of others; tests of a feed that has not landed are in the graph and not enabled). #}
{% macro all_nodes() %}
    {% do return(
        graph.nodes.values() | selectattr('resource_type', 'in', ['model', 'seed', 'test'])
        | rejectattr('config.materialized', 'equalto', 'ephemeral')
        | selectattr('config.enabled')
        | map(attribute='unique_id') | list
    ) %}
{% endmacro %}


{# Of these, int_withheld_cells and all that follows from it. #}
{% macro gated_nodes() %}
    {% set found = ['model.throng.int_withheld_cells'] %}
    {% for step in range(10) %}
        {% for id in all_nodes() if id not in found
            and graph.nodes[id].depends_on.nodes | select('in', found) | list %}
            {% do found.append(id) %}
        {% endfor %}
    {% endfor %}
    {% do return(found) %}
{% endmacro %}


{# What the candidates were in the last recorded build; none if there was none. #}
{% macro candidates_recorded() %}
    {% if run_query("show tables in protected like 'release_settings'").rows %}
        {% do return(run_query(
            'select candidates_hash from protected.release_settings'
        ).rows[0][0] | string) %}
    {% endif %}
{% endmacro %}


{# A number that changes with any cell of any candidate. #}
{% macro candidates_hash() %}
    {% do return(content_of_table(table_cells_relation(), published_columns() | join(', '))) %}
{% endmacro %}


{# That this content, and no other, has passed a check: 'tests' or 'audit'. #}
{% macro record_check(name) %}
    {% do run_query(
        "insert into protected.release_checks select '" ~ name ~ "', content_sha256 from ("
        ~ draft_sha256_sql() ~ ')'
    ) %}
{% endmacro %}


{# Drop and make again. Nobody reads it in between: it is the pipeline's own. #}
{% macro replace_table(name, sql) %}
    {% do run_query('drop table if exists ' ~ name) %}
    {% do run_query('create table ' ~ name ~ ' using parquet as ' ~ sql) %}
{% endmacro %}


{# One hash of everything that the last complete build would publish. #}
{% macro draft_sha256_sql() %}
select
    {{ content_sha256(['mart', 'period', 'period_start', 'content_sha256']) }} as content_sha256
from protected.release_partitions
{% endmacro %}


{# What a reader of the ledger has to know of how the numbers were protected. #}
{% macro release_settings_sql(candidates) %}
with

relations as (

    select
        {{ content_sha256(['relation_id', 'relation_type', 'parent', 'child', 'keys']) }}
            as relation_set
    from ({{ disclosure_relations_sql() }}) as relations

),

input as (

    select max(event_at) as input_watermark
    from protected.int_events_checked
    where event_date is not null

)

select
    {{ var('min_group_size') }} as min_group_size,
    '{{ 'threshold' if var('noise_mechanism') == 'none' else var('noise_mechanism') }}'
        as mechanism,
    -- Of one mart, period and area level; what a row of the ledger costs: epsilon_spent.
    cast({{ var('dp_epsilon') if var('noise_mechanism') == 'dp_laplace' else 'null' }} as double)
        as epsilon,
    (select count(distinct area_level) from protected.int_area_list) as n_area_levels,
    {{ var('rounding_base') }} as rounding_base,
    -- What operations of the release have to know: the marts of other feeds are not in dbt's graph.
    '{{ var('feeds') | join(',') }}' as feeds,
    relations.relation_set,
    -- Raise it when the rules of suppression change.
    '2' as method_version,
    input.input_watermark,
    '{{ candidates }}' as candidates_hash
from relations
cross join input
{% endmacro %}


{# Mart, period, rows and content hash: of what may be published (tables protected.release_<mart>). #}
{% macro release_partitions_sql() %}
    {% do return(partitions_sql('protected.release_', ['mart', 'period', 'period_start'])) %}
{% endmacro %}


{# The same of what was published, release by release (tables released.<mart>); of these marts, if
   not of all. #}
{% macro released_partitions_sql(marts=none) %}
    {% set keys = ['release_id', 'mart', 'period', 'period_start'] %}
    {% do return(partitions_sql('released.', keys, marts)) %}
{% endmacro %}


{# One grouping for all marts: twenty would cost more to plan than to run. #}
{% macro partitions_sql(tables, keys, marts=none) %}
select
    {{ keys | join(', ') }},
    count(*) as n_rows,
    count_if(is_suppressed) as n_suppressed,
    {{ rows_sha256('row_sha256') }} as content_sha256
from (
    {%- for mart in marts or release_marts() %}
    select
        '{{ mart.name }}' as mart,
        {{ keys | reject('equalto', 'mart') | join(', ') }},
        is_suppressed,
        {{ row_sha256(mart.columns.keys()) }} as row_sha256
    from {{ tables }}{{ mart.name }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
) as marts
group by {{ keys | join(', ') }}
{% endmacro %}
