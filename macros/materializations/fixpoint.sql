{# A table whose rule reads the table itself: the select is run again over its own result until it
   adds no row. The rule keeps every row it finds in `this` and only adds, so it comes to an end. Like
   a kept table it is made again only when what it is made of has changed. #}
{% materialization fixpoint, adapter='spark' %}
    {{ run_hooks(pre_hooks) }}
    {% set table = keep_or_make(this, sql, settle) %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [table]}) }}
{% endmaterialization %}


{# Make a table by running its select over its own result until no row is added. #}
{% macro settle(table, sql, inputs) %}
    {% set next = table.incorporate(path={'identifier': table.identifier ~ '__next'}) %}
    {% do run_query('create table ' ~ table ~ ' (table_cell string) using parquet') %}
    {% set state = namespace(n_rows=0, is_settled=false) %}
    {% for pass in range(1, 101) if not state.is_settled %}
        {% do run_query('drop table if exists ' ~ next) %}
        {% call statement('main') %}
            create table {{ next }} using parquet as
            {{ sql }}
        {% endcall %}
        {% set n_rows = run_query('select count(*) as n_rows from ' ~ next).rows[0][0] | int %}
        {% do run_query('drop table ' ~ table) %}
        {% do run_query('alter table ' ~ next ~ ' rename to ' ~ table) %}
        {% do log(table ~ ': pass ' ~ pass ~ ', ' ~ n_rows ~ ' rows') %}
        {% set state.is_settled = n_rows == state.n_rows %}
        {% set state.n_rows = n_rows %}
    {% endfor %}
    {% if not state.is_settled %}
        {% do stop(table ~ ' does not settle: after 100 passes it still grows.') %}
    {% endif %}
    {% set properties = ['throng.made_of=' ~ inputs] %}
    {% for mart, content in contents_by_mart(table) %}
        {% do properties.append('throng.cells.' ~ mart ~ '=' ~ content) %}
    {% endfor %}
    {% do set_properties(table, properties) %}
    {% do return(properties) %}
{% endmacro %}


{# Mart and a number that changes with any of its cells. #}
{% macro contents_by_mart(table) %}
    {% do return(run_query(
        'select substring_index(table_cell, char(31), 1), '
        ~ 'cast(sum(cast(xxhash64(table_cell) as decimal(38, 0))) as string) from ' ~ table
        ~ ' group by substring_index(table_cell, char(31), 1)'
    ).rows) %}
{% endmacro %}
