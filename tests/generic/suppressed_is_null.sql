{# A withheld row says nothing: every number of it is null, and a published row has every number but
   those that need more people than the row itself. #}
{% test suppressed_is_null(model, measures, also_null_elsewhere=[]) %}

select * from {{ model }}
where
    is_suppressed is null
    {% for measure in measures + also_null_elsewhere %}
    or (is_suppressed and {{ measure }} is not null)
    or (
        not is_suppressed
        and {{ measure }} is null
        and {{ measure not in also_null_elsewhere }}
    )
    {% endfor %}

{% endtest %}
