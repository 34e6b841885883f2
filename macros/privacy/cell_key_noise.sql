{# Noise of the cell key method: the people in a table cell decide where in the seed's table to
   look, so the same people have the same noise in every mart and every build. The first step whose
   upper probability lies above their draw from [0, 1) applies. #}
{% macro cell_key_noise(people_key) -%}
    (
        select min_by(steps.noise, steps.upper_probability)
        from {{ ref('cell_key_noise') }} as steps
        where steps.upper_probability > pmod({{ people_key }}, 4294967296) / 4294967296
    )
{%- endmacro %}
