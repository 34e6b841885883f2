{# A published share has no one, or min_group_size people and more, on its other side too: by the
   part and the whole, both head counts, of its candidate cell. #}
{% test complement_share(model, candidate, keys, part, whole) %}

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
where not {{ has_complement_size(part, whole) }}

{% endtest %}
