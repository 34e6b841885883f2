{# What tables that are kept from build to build were made of. #}


{# The select of a view, as it was made. What stands before it tells when. #}
{% macro select_of_view(view) %}
    {% do return(run_query('show create table ' ~ view).rows[0][0].split('\nAS ', 1)[1]) %}
{% endmacro %}


{# A number, as text, that changes with these columns of any row of a table. #}
{% macro content_of_table(table, columns='*') %}
    {% do return(run_query(
        'select cast(sum(cast(xxhash64(' ~ columns ~ ') as decimal(38, 0))) as string) from '
        ~ table
    ).rows[0][0] | string) %}
{% endmacro %}


{# A property that the project gave a table; an empty text where it has none. #}
{% macro table_property(table, name) %}
    {% set key = 'throng.' ~ name %}
    {% set value = run_query('show tblproperties ' ~ table ~ " ('" ~ key ~ "')").rows[0][1] %}
    {% do return('' if 'does not have property' in value else value) %}
{% endmacro %}
