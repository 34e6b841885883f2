{# No column is named like a minimum or maximum, which is the value of one person. Medians and
   quartiles are columns only if they are listed: those that has_order_statistics_size guards. #}
{% test no_extremes(model, order_statistics=[]) %}

{% set columns = adapter.get_columns_in_relation(model) if execute else [] %}

with

columns as (

    {% for column in columns %}
    select
        '{{ column.name }}' as column_name,
        {{ column.name in order_statistics }} as is_listed
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from columns
where
    column_name rlike '(^|_)(min|max|minimum|maximum)(_|$)'
    or (
        column_name rlike '(^|_)(median|quartiles?|quantiles?|percentiles?|p[0-9]{1,2}|q[1-3])(_|$)'
        and not is_listed
    )

{% endtest %}
