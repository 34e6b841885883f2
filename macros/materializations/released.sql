{# A mart. Its select becomes the draft, a protected table, which is kept like a kept table; readers
   see a view on the releases in force, which `throng release publish` alone changes. Before the first
   release it has no rows. #}
{% materialization released, adapter='spark' %}
    {% set draft = draft_of(model.name) %}
    {{ run_hooks(pre_hooks) }}
    {% do require_table_cells(model.name) %}
    {% set table = keep_or_make(draft, sql, make_table) %}
    {# The contract, asked of the draft: to ask it of the select would plan all of that twice. #}
    {% do get_assert_columns_equivalent(
        'select ' ~ model.columns.keys() | join(', ') ~ ' from ' ~ draft
    ) %}
    {% do run_query(released_table_sql(model)) %}
    {% do run_query(mart_view_sql(model, [], 'create view if not exists')) %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [table, this.incorporate(type='view')]}) }}
{% endmaterialization %}
