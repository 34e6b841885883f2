{# Every published row stands for at least min_group_size people: by the head count of its
   candidate cell, not by what the row says of itself. A row without a candidate fails too. With
   dp_laplace nothing exact decides: there it is what the row says of itself. #}
{% test min_group_size(model, candidate, keys) %}

with

published as (

    select * from {{ model }}
    where not is_suppressed

),

candidates as (

    select * from {{ candidate }}

),

published_with_candidates as (

    select
        published.*,
        candidates.n_subscribers as n_candidate_subscribers
    from published
    left join candidates
        on
            {% for key in keys %}
            {{ 'and ' if not loop.first }}published.{{ key }} <=> candidates.{{ key }}
            {% endfor %}

)

select * from published_with_candidates
{% set head_count = 'n_subscribers' if var('noise_mechanism') == 'dp_laplace'
    else 'n_candidate_subscribers' %}
where
    {{ head_count }} is null
    or {{ head_count }} < {{ var('min_group_size') }}

{% endtest %}
