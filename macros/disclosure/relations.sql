{# Which published numbers depend on each other: what the marts declare, and what follows from
   the structure that they declare. Each is a map with the columns of `throng audit
   --relations` (docs/privacy.md), and three more: `suppressed_by`, the model that protects the
   sum where that is not int_withheld_cells; `tells_parent`, that every part tells how many
   the whole is; and `rest`, the cells of another mart that are what is left of the whole. A
   relation with a mart that is not in the graph is left out. #}
{% macro disclosure_relations() %}
    {% set names = release_marts() | map(attribute='name') | list %}
    {% set relations = [] %}
    {% for mart in release_marts() %}
        {% for relation in structural_relations(mart) + declared_relations(mart)
            if [relation.child, relation.parent, relation.rest.get('mart')]
                | select | reject('in', names) | list == [] %}
            {% do relations.append(one_row_for_each_cell(relation)) %}
        {% endfor %}
    {% endfor %}
    {% do return(relations) %}
{% endmacro %}


{# A head count stands in every row of a table cell that has several (features): the attack
   reads one of them. int_table_cells has one row for each cell and no features: cells_where. #}
{% macro one_row_for_each_cell(relation) %}
    {% do relation.update({
        'cells_where': relation.child_where, 'parent_cells_where': relation.parent_where,
    }) %}
    {% for end in ['child', 'parent']
        if relation[end] and relation[end ~ '_measure'] == 'n_subscribers' %}
        {% set meta = graph.nodes['model.' ~ project_name ~ '.' ~ relation[end]].config.meta %}
        {% if meta.get('features', {}).keys() | select('in', relation['keys'].split('; '))
            | list == [] %}
            {% set conditions = [relation[end ~ '_where'], one_row_a_cell(meta)] | select | list %}
            {% do relation.update({end ~ '_where': conditions | join(' and ')}) %}
        {% endif %}
    {% endfor %}
    {% do return(relation) %}
{% endmacro %}


{# The relations that a mart declares by name. Parent and child are the mart itself where they
   are not named, measures are head counts, keys a list. #}
{% macro declared_relations(mart) %}
    {% set relations = [] %}
    {% for id, declared in mart.config.meta.get('relations', {}).items()
        if declared.get('reference') != 'is_study' or reference_is_study() %}
        {% set has_parent = declared.relation_type not in ['same_sum', 'grows'] %}
        {% do relations.append(relation_of(
            id,
            declared.relation_type,
            declared.description,
            child=declared.get('child', mart.name),
            child_measure=declared.get('child_measure', 'n_subscribers'),
            child_where=declared.get('child_where', ''),
            parent=declared.get('parent', mart.name) if has_parent else '',
            parent_measure=declared.get('parent_measure', 'n_subscribers') if has_parent else '',
            parent_where=where_of_parent(declared),
            keys=declared['keys'],
            via=declared.get('via', ''),
            split=declared.get('split', ''),
            suppressed_by=declared.get('suppressed_by', ''),
            tells_parent=declared.get('tells_parent', false),
            rest=declared.get('rest', {})
        )) %}
    {% endfor %}
    {% do return(relations) %}
{% endmacro %}


{# The condition on rows of the parent, with that on days inside or outside the reference period. The
   vars are read here and not in the declaration, which dbt keeps from one run to the next. #}
{% macro where_of_parent(declared) %}
    {% set conditions = [declared.get('parent_where')] | select | list %}
    {% if declared.get('reference') in ['inside', 'outside'] %}
        {% do conditions.append(
            ('not ' if declared.reference == 'outside' else '') ~ is_in_reference('period_start')
        ) %}
    {% endif %}
    {% do return(conditions | join(' and ')) %}
{% endmacro %}


{# The relations between the cells of one mart that follow from what its keys and measures are. #}
{% macro structural_relations(mart) %}
    {% set meta = mart.config.meta %}
    {% set relations = [] %}
    {% for measure, rule in meta.measures.items() %}
        {% set id = mart.name ~ '_' ~ measure %}
        {% if rule.get('areas') %}
            {% do relations.append(areas_relation(id, mart.name, meta, measure, rule.areas)) %}
        {% endif %}
        {% for part, whole in [('hour', 'day'), ('day', 'week'), ('day', 'month')]
            if rule.get('periods')
            and part in meta['keys'].period and whole in meta['keys'].period %}
            {% do relations.append(
                periods_relation(id, mart.name, meta, measure, rule.periods, part, whole)
            ) %}
        {% endfor %}
        {% if rule.rule == 'number' and not rule.get('among') %}
            {% do relations.append(relation_of(
                id ~ '_per_head', 'subset', 'Everybody counted is behind one or more of them',
                parent=mart.name, parent_measure=measure,
                child=mart.name, child_measure='n_subscribers', keys=key_columns(meta)
            )) %}
        {% elif rule.get('among') %}
            {% do relations.append(relation_of(
                id ~ '_among', 'subset', 'Those counted are among all of the group',
                parent=mart.name, parent_measure=rule.among,
                child=mart.name, child_measure=measure, keys=key_columns(meta)
            )) %}
        {% endif %}
    {% endfor %}
    {% if meta.get('late_data') %}
        {% do relations.append(relation_of(
            mart.name ~ '_late', 'grows', 'Late data only add to it',
            child=mart.name, child_measure=meta.late_data, keys=key_columns(meta)
        )) %}
    {% endif %}
    {% do return(relations) %}
{% endmacro %}


{# What the areas of a level have to do with the area around them (`sum`, `union`), or all
   areas of a level with those of another (`same_total`). #}
{% macro areas_relation(id, mart, meta, measure, areas) %}
    {% set columns = area_columns(meta) %}
    {% set others = cell_columns(meta) %}
    {% set others = others | reject('in', columns + ['area_level']) | list %}
    {% if areas == 'same_total' %}
        {% do return(relation_of(
            id ~ '_levels', 'same_sum', 'Every level adds up to the same',
            child=mart, child_measure=measure,
            keys=others, split='area_level'
        )) %}
    {% endif %}
    {% set keys = others + ['area_level=parent_level'] %}
    {% set parents = [] %}
    {% for column in columns %}
        {% do keys.append(column ~ '=parent_' ~ column) %}
        {% do parents.append('parent_' ~ column) %}
    {% endfor %}
    {# No area with itself: what goes from area to area inside one is nothing of it. #}
    {% set has_other_area = 'other_area' in meta['keys'].values() %}
    {% do return(relation_of(
        id ~ '_areas', areas,
        'The areas of an area add up to it' if areas == 'sum'
        else 'Who is in an area is in the area around it',
        parent=mart, parent_measure=measure,
        child=mart, child_measure=measure, keys=keys,
        child_where=parents | join(' <> ') if has_other_area else '',
        via='area_parents' if columns | length == 1 else 'area_pair_parents'
    )) %}
{% endmacro %}


{# What the hours of a day, or the days of a week or month, have to do with it (`sum`, `union`). #}
{% macro periods_relation(id, mart, meta, measure, relation_type, part, whole) %}
    {% set keys = ["period_start=date_trunc('" ~ whole ~ "', period_start)"]
        + key_columns(meta) | reject('in', ['period', 'period_start']) | list %}
    {% do return(relation_of(
        id ~ '_' ~ part ~ 's_of_' ~ whole, relation_type,
        'The ' ~ part ~ 's of a ' ~ whole ~ ' add up to it' if relation_type == 'sum'
        else 'Who is counted in the ' ~ part ~ ' is counted in the ' ~ whole,
        parent=mart, parent_measure=measure, parent_where="period = '" ~ whole ~ "'",
        child=mart, child_measure=measure, child_where="period = '" ~ part ~ "'", keys=keys
    )) %}
{% endmacro %}


{% macro relation_of(
    relation_id, relation_type, description, child, child_measure, keys, parent='',
    parent_measure='', parent_where='', child_where='', via='', split='', suppressed_by='',
    tells_parent=false, rest={}
) %}
    {% do return({
        'relation_id': relation_id, 'relation_type': relation_type,
        'parent': parent, 'parent_where': parent_where, 'parent_measure': parent_measure,
        'child': child, 'child_where': child_where, 'child_measure': child_measure,
        'keys': keys | join('; '), 'via': via, 'split': split, 'description': description,
        'suppressed_by': suppressed_by, 'tells_parent': tells_parent, 'rest': rest,
    }) %}
{% endmacro %}


{# All relations as rows. #}
{% macro disclosure_relations_sql() %}
    {% set columns = ['relation_id', 'relation_type', 'parent', 'parent_where', 'parent_measure',
        'child', 'child_where', 'child_measure', 'keys', 'via', 'split', 'description'] %}
    {% set rows = [] %}
    {% for relation in disclosure_relations() %}
        {% set values = [] %}
        {% for column in columns %}
            {% do values.append("'" ~ sql_text(relation[column]) ~ "'") %}
        {% endfor %}
        {% do rows.append('(' ~ values | join(', ') ~ ')') %}
    {% endfor %}
    {% do return(
        'select * from values\n    ' ~ rows | join(',\n    ')
        ~ '\n    as relations (' ~ columns | join(', ') ~ ')' if rows else 'select 1'
    ) %}
{% endmacro %}


{# Every column of every mart and what it is, as rows: what the search for relations reads.
   `mean_of` is the number that a mean is the mean over. #}
{% macro mart_columns_sql() %}
    {% set rows = [] %}
    {% for mart in release_marts() %}
        {% set meta = mart.config.meta %}
        {% for name in key_columns(meta) %}
            {% set role = meta['keys'].get(name, name) %}
            {% do rows.append([mart.name, name,
                name if name in ['period', 'period_start'] else
                'feature' if name in meta.get('features', {}) else
                'area_level' if role == 'level' else
                'area' if name in area_columns(meta) else 'value', '']) %}
        {% endfor %}
        {% for name, rule in meta.measures.items() %}
            {# A sum of whole numbers that is published as it is adds up as numbers do. #}
            {% set is_sum = rule.rule == 'exact_sum' and mart.columns[name].data_type == 'bigint' %}
            {% do rows.append([
                mart.name, name, 'number' if is_sum else rule.rule, rule.get('of', '')
            ]) %}
        {% endfor %}
    {% endfor %}
    {% set lines = [] %}
    {% for row in rows %}
        {% do lines.append("('" ~ row | join("', '") ~ "')") %}
    {% endfor %}
    {% do return('select * from values\n    ' ~ lines | join(',\n    ')
        ~ '\n    as columns (mart, column_name, role, mean_of)' if lines else 'select 1') %}
{% endmacro %}
