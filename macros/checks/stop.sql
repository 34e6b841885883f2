{# End the run with one sentence. #}
{% macro stop(sentence) %}
    {% do exceptions.raise_compiler_error(sentence) %}
{% endmacro %}
