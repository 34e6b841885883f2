{# A table that is kept from build to build: made again only when what it is made of has changed, or
   with --full-refresh. In all else it is dbt's `table`. #}
{% materialization kept_table, adapter='spark' %}
    {% set inputs = made_of(model, sql) %}
    {% set there = load_relation(this) %}
    {% set made = there %}
    {{ run_hooks(pre_hooks) }}
    {% if is_unchanged(there, inputs) %}
        {% call statement('main') %}
            select 'unchanged' as made
        {% endcall %}
    {% else %}
        {% set made = drop_former(there, this, inputs) %}
        {% call statement('main') %}
            create table {{ this }}
            {{ file_format_clause() }}
            tblproperties ('throng.made_of' = '{{ inputs }}')
            {{ partition_cols(label='partitioned by') }}
            {{ clustered_cols(label='clustered by') }}
            as
            {{ sql }}
        {% endcall %}
    {% endif %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [made]}) }}
{% endmaterialization %}
