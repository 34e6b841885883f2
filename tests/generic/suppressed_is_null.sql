{# A withheld row says nothing: every number of it is null, and a published row has every number. #}
{% test suppressed_is_null(model, measures) %}

select * from {{ model }}
where
    is_suppressed is null
    {% for measure in measures %}
    or is_suppressed <> ({{ measure }} is null)
    {% endfor %}

{% endtest %}
