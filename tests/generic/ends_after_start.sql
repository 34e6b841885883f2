{# A time range ends after it begins. #}
{% test ends_after_start(model, start_column='valid_from', end_column='valid_to') %}

select * from {{ model }}
where {{ end_column }} <= {{ start_column }}

{% endtest %}
