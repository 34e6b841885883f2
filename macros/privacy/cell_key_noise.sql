{# Noise of the cell key method: the people of a cell say where in the table of the seed to look, so
   the same people have the same noise in every mart and every build. The first step whose upper
   probability lies above their draw from [0, 1) holds. #}
{% macro cell_key_noise(people_key) -%}
    (
        select min_by(steps.noise, steps.upper_probability)
        from {{ ref('cell_key_noise') }} as steps
        where steps.upper_probability > pmod({{ people_key }}, 4294967296) / 4294967296
    )
{%- endmacro %}
