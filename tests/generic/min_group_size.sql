{# Every row that would be published stands for at least min_group_size people: by the head count of
   its candidate, and by the further head counts that the mart declares, not by the row's own
   number. A row without a candidate fails too. With dp_laplace no exact number decides: there the
   row's own number counts. #}
{% test min_group_size(model) %}

{% if execute %}

{% set mart = mart_node(model) %}
{% set also_head_counts = mart.config.meta.get('also_head_counts', []) %}

with

published as (

    select * from {{ draft_of(mart.name) }}
    where not is_suppressed

),

candidates as (

    select * from {{ candidate_of(mart.name) }}

),

published_with_candidates as (

    select
        published.*,
        candidates.n_subscribers as n_candidate_subscribers
        {%- for other in also_head_counts %},
        candidates.{{ other }} as candidate_{{ other }}
        {%- endfor %}
    from published
    left join candidates
        on
            {% for key in key_columns(mart.config.meta) %}
            {{ 'and ' if not loop.first }}published.{{ key }} <=> candidates.{{ key }}
            {% endfor %}

)

select * from published_with_candidates
{% set head_count = 'n_subscribers' if var('noise_mechanism') == 'dp_laplace'
    else 'n_candidate_subscribers' %}
where
    {{ head_count }} is null
    or {{ head_count }} < {{ var('min_group_size') }}
    {%- for other in also_head_counts %}
    or candidate_{{ other }} is null
    or candidate_{{ other }} < {{ var('min_group_size') }}
    {%- endfor %}

{% endif %}

{% endtest %}
