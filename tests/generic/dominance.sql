{# No published sum or mean tells of one person: by the largest and second largest contributions of
   its candidate cell. #}
{% test dominance(model, candidate, keys, total, largest, second_largest) %}

with

published as (

    select * from {{ model }}
    where not is_suppressed

),

candidates as (

    select * from {{ candidate }}

),

published_with_candidates as (

    select candidates.*
    from published
    left join candidates
        on
            {% for key in keys %}
            {{ 'and ' if not loop.first }}published.{{ key }} <=> candidates.{{ key }}
            {% endfor %}

)

select * from published_with_candidates
where not {{ is_not_dominated(total, largest, second_largest) }}

{% endtest %}
