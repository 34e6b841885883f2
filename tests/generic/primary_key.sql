{# No two rows share the key, and no part of it is null, but for the columns said to be nullable. #}
{% test primary_key(model, columns, nullable=[]) %}

with

keys as (

    select
        {{ columns | join(', ') }},
        count(*) as n_rows
    from {{ model }}
    group by {{ columns | join(', ') }}

)

select * from keys
where
    n_rows > 1
    {% for column in columns if column not in nullable %}
    or {{ column }} is null
    {% endfor %}

{% endtest %}
