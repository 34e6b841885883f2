{# No two rows share the key, and no part of it is null, but for the columns said to be
   nullable. Rows are looked for by a hash of the key, which is short, and compared by the key
   where a hash stands twice: of large tables that costs a third. #}
{% test primary_key(model, columns, nullable=[]) %}

with

hashes as (

    select xxhash64({{ columns | join(', ') }}) as key_hash
    from {{ model }}
    group by xxhash64({{ columns | join(', ') }})
    having count(*) > 1

),

suspects as (

    select {{ columns | join(', ') }}
    from {{ model }}
    left semi join hashes
        on xxhash64({{ columns | join(', ') }}) = hashes.key_hash

),

repeated_keys as (

    select {{ columns | join(', ') }}
    from suspects
    group by {{ columns | join(', ') }}
    having count(*) > 1

)

select * from repeated_keys
{% for column in columns if column not in nullable -%}
{% if loop.first -%}
union all
select {{ columns | join(', ') }}
from {{ model }}
where
    {{ column }} is null
{%- else %}
    or {{ column }} is null
{%- endif %}
{% endfor %}

{% endtest %}
