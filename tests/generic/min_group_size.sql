{# Every published row stands for at least min_group_size people: by the head count of its
   candidate cell, not by what the row says of itself. A row without a candidate fails too. #}
{% test min_group_size(model, candidate, keys) %}

with

published as (

    select * from {{ model }}

),

candidates as (

    select * from {{ candidate }}

)

select published.*
from published
left join candidates
    on
        {% for key in keys %}
        {{ 'and ' if not loop.first }}published.{{ key }} <=> candidates.{{ key }}
        {% endfor %}
where
    candidates.n_subscribers is null
    or candidates.n_subscribers < {{ var('min_group_size') }}
    or published.n_subscribers is distinct from candidates.n_subscribers

{% endtest %}
