{# A table that is kept from build to build: made again only when what it is made of has changed, or
   with --full-refresh. In all else it is dbt's `table`. #}
{% materialization kept_table, adapter='spark' %}
    {{ run_hooks(pre_hooks) }}
    {% set table = keep_or_make(this, sql, make_table) %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [table]}) }}
{% endmaterialization %}
