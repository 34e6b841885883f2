{# A table that is kept from build to build: made again only when what it is made of has changed, or
   with --full-refresh. In all else it is dbt's `table`. #}
{% materialization kept_table, adapter='spark' %}
    {{ run_hooks(pre_hooks) }}
    {% set table = keep_or_make(this, sql, make_table) %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [table]}) }}
{% endmaterialization %}


{# Keep a table whose inputs are as they were when it was made; drop any other, and make it by the
   macro `make`, which gives it properties, throng.made_of among them, and returns them. Returns what
   dbt is to remember of the table. #}
{% macro keep_or_make(table, sql, make) %}
    {% set inputs = made_of(model, sql) %}
    {% set there = load_relation(table) %}
    {% if there and not should_full_refresh() and was_made_of(there) == inputs %}
        {% call noop_statement('main', message='unchanged') %}
            {{ sql }}
        {% endcall %}
        {% do return(there) %}
    {% endif %}
    {% if there %}
        {% do adapter.drop_relation(there) %}
    {% endif %}
    {% set properties = make(table, sql, inputs) %}
    {% do return(table.incorporate(type='table', information=properties | join(', '))) %}
{% endmacro %}


{# Make a table at once, stored as its model says. #}
{% macro make_table(table, sql, inputs) %}
    {% call statement('main') %}
        create table {{ table }}
        {{ file_format_clause() }}
        tblproperties ('throng.made_of' = '{{ inputs }}')
        {{ partition_cols(label='partitioned by') }}
        {{ clustered_cols(label='clustered by') }}
        as
        {{ sql }}
    {% endcall %}
    {% do return(['throng.made_of=' ~ inputs]) %}
{% endmacro %}
