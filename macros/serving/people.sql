{# An estimate of people with its interval of 90 %, rounded to tens. The interval begins at
   the number of subscribers: these are people.

   people, variance  numbers of people and of people squared; null where nothing is said #}
{% macro people_estimated(people, variance) -%}
    cast(round({{ people }}, -1) as bigint) as people_estimated,
    case
        when {{ people }} is not null
            then cast(
                round(greatest(n_subscribers, {{ people }} - 1.645 * sqrt({{ variance }})), -1)
                as bigint
            )
    end as people_estimated_low,
    cast(round({{ people }} + 1.645 * sqrt({{ variance }}), -1) as bigint)
        as people_estimated_high
{%- endmacro %}
