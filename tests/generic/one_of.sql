{# A column has one of these texts in every row, and is never null: one query where accepted_values
   and not_null are two. One row for each value that is not listed. #}
{% test one_of(model, column_name, values) %}

select
    {{ column_name }} as found_value,
    count(*) as n_rows
from {{ model }}
where
    {{ column_name }} is null
    or {{ column_name }} not in ('{{ values | join("', '") }}')
group by {{ column_name }}

{% endtest %}
