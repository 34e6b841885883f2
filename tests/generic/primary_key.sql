{# No two rows share the key, and no part of it is null, but for the columns said to be
   nullable. One row for each key that breaks the rule, found by two hashes of it (96 bits
   together: of a thousand million keys, two are taken for one once in a hundred thousand million
   tables). Hashes are short, so a large table is read once and little of it is moved. A hash
   passes over nulls, so whether a column is null is hashed too. #}
{% test primary_key(model, columns, nullable=[]) %}

with

hashes as (

    select
        xxhash64({{ columns | join(', ') }}{% for column in nullable %}, {{ column }} is null{% endfor %})
            as key_hash,
        hash({{ columns | join(', ') }}{% for column in nullable %}, {{ column }} is null{% endfor %})
            as second_hash,
        false{% for column in columns if column not in nullable %} or {{ column }} is null{% endfor %}
            as has_null
    from {{ model }}

)

select
    key_hash,
    second_hash,
    count(*) as n_rows,
    count_if(has_null) as n_rows_with_null
from hashes
group by
    key_hash,
    second_hash
having count(*) > 1 or count_if(has_null) > 0

{% endtest %}
