{# A mart. Its select becomes the draft, a protected table, which is kept like a kept table; readers
   see a view on the releases in force, which `throng release publish` alone changes. Before the first
   release it has no rows. #}
{% materialization released, adapter='spark' %}
    {% set draft = draft_of(model.name) %}
    {{ run_hooks(pre_hooks) }}
    {% do require_table_cells(model.name) %}
    {% set before = load_relation(draft) %}
    {% set table = keep_or_make(draft, sql, make_table) %}
    {% if table != before %}
        {# The contract, asked of the draft: to ask it of the select would plan all of that twice. #}
        {% do get_assert_columns_equivalent(
            'select ' ~ model.columns.keys() | join(', ') ~ ' from ' ~ draft
        ) %}
    {% endif %}
    {% if not load_relation(this) %}
        {% do run_query(mart_view_sql(model, [], 'create view if not exists')) %}
    {% endif %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [table, this.incorporate(type='view')]}) }}
{% endmaterialization %}
