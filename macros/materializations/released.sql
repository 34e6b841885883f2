{# A mart. Its select becomes the draft, a protected table, which is kept like a kept table; readers
   see a view on the releases in force, which `throng release publish` alone changes. Before the first
   release it has no rows. #}
{% materialization released, adapter='spark' %}
    {% set draft = draft_of(model.name) %}
    {% set inputs = made_of(model, sql) %}
    {% set there = load_relation(draft) %}
    {% set made = there %}
    {{ run_hooks(pre_hooks) }}
    {% do require_table_cells(model.name) %}
    {% if is_unchanged(there, inputs) %}
        {% call statement('main') %}
            select 'unchanged' as made
        {% endcall %}
    {% else %}
        {% set made = drop_former(there, draft, inputs) %}
        {% call statement('main') %}
            create table {{ draft }}
            using parquet
            tblproperties ('throng.made_of' = '{{ inputs }}')
            as
            {{ sql }}
        {% endcall %}
    {% endif %}
    {# The contract, asked of the draft: to ask it of the select would plan all of that twice. #}
    {% do get_assert_columns_equivalent(
        'select ' ~ model.columns.keys() | join(', ') ~ ' from ' ~ draft
    ) %}
    {% do run_query(released_table_sql(model)) %}
    {% do run_query(mart_view_sql(model, [], 'create view if not exists')) %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [made, this.incorporate(type='view')]}) }}
{% endmaterialization %}
