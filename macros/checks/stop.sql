{# End the run with one sentence. #}
{% macro stop(sentence) %}
    {% do exceptions.raise_compiler_error(sentence) %}
{% endmacro %}


{# End the run where there is anything to say: at most ten sentences, one a line. #}
{% macro stop_with(sentences) %}
    {% if sentences %}
        {% set more = sentences | length - 10 %}
        {% set rest = [more ~ ' more like these.'] if more > 0 else [] %}
        {% do stop((sentences[:10] + rest) | join('\n  ')) %}
    {% endif %}
{% endmacro %}
