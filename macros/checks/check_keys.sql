{# on-run-start: the whole study is under one key, and that key exists. Home periods, edge weeks and
   edge months hold events of the study only, so they are covered. The keyring is on the machine of
   the server, so the server is asked. Tests make no pseudonyms: they need no key. #}
{% macro check_keys() %}
    {% if execute and var('pseudonymise') and flags.WHICH in ['build', 'run', 'retry'] %}
        {% set request = {
            'study_start': var('study_start') | string if var('study_start') else none,
            'study_end': var('study_end') | string if var('study_end') else none,
        } %}
        {% set answer = fromjson(run_query(
            "select inspect_keys('" ~ sql_text(tojson(request)) ~ "')"
        ).rows[0][0]) %}
        {% if answer['problem'] %}
            {% do stop(answer['problem']) %}
        {% endif %}
    {% endif %}
{% endmacro %}
