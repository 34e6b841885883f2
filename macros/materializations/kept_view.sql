{# A view for readers, made again only when its text, its contract or what it reads has changed, or
   with --full-refresh. It reads views on views: to plan one takes seconds, and nothing of it changes
   when numbers do. In all else it is dbt's `view`. #}
{% materialization kept_view, adapter='spark' %}
    {{ run_hooks(pre_hooks) }}
    {% set there = load_relation(this) %}
    {% set inputs = view_made_of(model, sql) %}
    {% set view = this.incorporate(type='view', information='throng.made_of=' ~ inputs) %}
    {% if there and not should_full_refresh() and was_made_of(there) == inputs %}
        {% call noop_statement('main', message='unchanged') %}
            {{ sql }}
        {% endcall %}
    {% else %}
        {% if there and there.type != 'view' %}
            {% do adapter.drop_relation(there) %}
        {% endif %}
        {% call statement('main') %}
            create or replace view {{ this }}
            tblproperties ('throng.made_of' = '{{ inputs }}')
            as
            {{ sql }}
        {% endcall %}
        {% do require_columns(this, model) %}
    {% endif %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [view]}) }}
{% endmaterialization %}


{# The contract, asked of the view that was made: dbt would ask it of the select before, and plan all
   of that twice. A view that breaks it is not taken for made by the next build. #}
{% macro require_columns(view, node) %}
    {% set promised = [] %}
    {% for column in node.columns.values() %}
        {% do promised.append(column.name ~ ' ' ~ column.data_type) %}
    {% endfor %}
    {% set found = [] %}
    {% for name, type, comment in run_query('describe ' ~ view).rows %}
        {% do found.append(name ~ ' ' ~ type) %}
    {% endfor %}
    {% if found | sort != promised | sort %}
        {% do run_query('alter view ' ~ view ~ " unset tblproperties if exists ('throng.made_of')") %}
        {% do stop(
            'The columns of ' ~ view ~ ' are not those of its contract. The contract has alone: '
            ~ (promised | reject('in', found) | join(', ') or 'none')
            ~ '. The select has alone: ' ~ (found | reject('in', promised) | join(', ') or 'none')
            ~ '. Change one of them.'
        ) %}
    {% endif %}
{% endmacro %}


{# A hash of the select, of the contract, and of the texts and contracts of all that it reads. #}
{% macro view_made_of(node, sql) %}
    {% set parts = [sql, tojson(node.columns, sort_keys=true)] %}
    {% for id in node.depends_on.nodes | sort if id in graph.nodes %}
        {% set input = graph.nodes[id] %}
        {% do parts.extend([input.checksum.checksum, tojson(input.columns, sort_keys=true)]) %}
    {% endfor %}
    {% do return(local_md5((parts + versions_of_functions(sql)) | join(' | '))) %}
{% endmacro %}
