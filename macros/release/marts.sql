{# The marts of the project, as nodes of dbt's graph in the order of their names. What a mart
   is, it says itself, in its file: dbt keeps that as meta of the node. A mart of a feed that
   has not landed is not enabled, so it is not in the graph. #}
{% macro release_marts() %}
    {% set marts = [] %}
    {# Before it has read all models, dbt has no graph. #}
    {% for node in graph.get('nodes', {}).values() | sort(attribute='name')
        if node.resource_type == 'model' and node.config.materialized == 'released' %}
        {% do marts.append(node) %}
    {% endfor %}
    {% do return(marts) %}
{% endmacro %}


{# The marts of this graph that a ledger names; those of a feed that has not landed are in no graph.
   Of the others there is nothing to compare, and thirty empty tables take seconds to plan: before
   the first release one of them stands for all. #}
{% macro published_marts(ledger) %}
    {% set marts = release_marts() %}
    {% if execute and flags.WHICH in ['build', 'test'] %}
        {% set named = run_query('select distinct mart from ' ~ ledger).columns[0].values() %}
        {% set marts = marts | selectattr('name', 'in', named) | list or marts[:1] %}
    {% endif %}
    {% do return(marts) %}
{% endmacro %}


{# The mart of a model's relation, as a node of dbt's graph. #}
{% macro mart_node(relation) %}
    {% do return(graph.nodes['model.' ~ project_name ~ '.' ~ relation.identifier]) %}
{% endmacro %}


{# The columns of a mart that are neither key nor measure: whether the row is withheld, and whether
   its period is complete. #}
{% macro row_columns() %}
    {% do return(['is_suppressed', 'is_complete']) %}
{% endmacro %}


{# The table of a mart before it is released: every cell of the study, null where it may not be
   published. #}
{% macro draft_of(mart_name) %}
    {% do return(api.Relation.create(schema='protected', identifier='release_' ~ mart_name)) %}
{% endmacro %}


{# The table of a mart with every cell that has people, exact. #}
{% macro candidate_of(mart_name) %}
    {% do return(api.Relation.create(schema='protected', identifier='candidate_' ~ mart_name)) %}
{% endmacro %}


{# Every key column of a mart, in order: what tells its rows apart. #}
{% macro key_columns(declaration) %}
    {% set keys = ['period', 'period_start'] %}
    {% for name in declaration['keys'] if name not in keys %}
        {% do keys.append(name) %}
    {% endfor %}
    {% do return(keys) %}
{% endmacro %}


{# Of these, those that tell groups of people apart. The rows of a group that differ by a
   feature only are one table cell: published together or not at all. #}
{% macro cell_columns(declaration) %}
    {% set features = declaration.get('features', {}) %}
    {% do return(key_columns(declaration) | reject('in', features) | list) %}
{% endmacro %}


{# The key columns that hold areas, in order. #}
{% macro area_columns(declaration) %}
    {% set areas = [] %}
    {% for name, role in declaration['keys'].items()
        if role in ['area', 'area_or_none', 'later_area', 'other_area'] %}
        {% do areas.append(name) %}
    {% endfor %}
    {% do return(areas) %}
{% endmacro %}


{# A condition that keeps one row of each table cell: the head count stands in all of them. #}
{% macro one_row_a_cell(declaration) %}
    {% set conditions = [] %}
    {% for name, value in declaration.get('features', {}).items() %}
        {% do conditions.append(name ~ " = '" ~ value ~ "'") %}
    {% endfor %}
    {% do return(conditions | join(' and ')) %}
{% endmacro %}


{# The suppression rule sees the cells of int_table_cells and no others. #}
{% macro require_table_cells(mart_name) %}
    {% set cells = graph.nodes['model.' ~ project_name ~ '.int_table_cells'] %}
    {% if 'model.' ~ project_name ~ '.candidate_' ~ mart_name not in cells.depends_on.nodes %}
        {% do stop(cells.original_file_path ~ ' does not list candidate_' ~ mart_name
            ~ ', so nothing would protect ' ~ mart_name ~ '. Add it there.') %}
    {% endif %}
{% endmacro %}
