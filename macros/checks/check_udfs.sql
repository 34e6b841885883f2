{# on-run-start: every Python function that the macros call is registered in a new session. The
   names are those of throng.udfs.REGISTRY (a policy test compares the two). #}
{% macro check_udfs() %}
    {% if execute %}
        {% set known = [] %}
        {% for row in run_query('show functions').rows %}
            {% do known.append(row[0].split('.')[-1]) %}
        {% endfor %}
        {% for name in ['detect_journeys', 'detect_stops', 'find_segments', 'inspect_keys',
            'inspect_landing', 'keyed_bits', 'pseudonym_key_id', 'pseudonymise'] if name not in known %}
            {% do stop("The server lacks the Python function '" ~ name ~ "'. Start it with: "
                ~ "throng server start (after an update of throng: stop it first).") %}
        {% endfor %}
    {% endif %}
{% endmacro %}
