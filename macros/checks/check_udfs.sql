{# on-run-start: every Python function that the macros call is registered in a new session. #}
{% macro check_udfs() %}
    {% if execute %}
        {% set known = [] %}
        {% for row in run_query('show functions').rows %}
            {% do known.append(row[0].split('.')[-1]) %}
        {% endfor %}
        {% for name in python_functions() if name not in known %}
            {% do stop("The server lacks the Python function '" ~ name ~ "'. Start it with: "
                ~ "throng server start (after an update of throng: stop it first).") %}
        {% endfor %}
    {% endif %}
{% endmacro %}


{# The names of throng.udfs.REGISTRY (a policy test compares the two). #}
{% macro python_functions() %}
    {% do return(['boundary_box', 'cluster_points', 'cluster_sites', 'correlate_days',
        'detect_journeys', 'detect_stops', 'draw_outlines', 'find_segments', 'forecast_days',
        'ground_of_sites', 'inspect_keys', 'inspect_landing', 'inspect_packed', 'keyed_bits',
        'principal_components', 'pseudonym_key_id', 'pseudonymise', 'sites_near_boundary']) %}
{% endmacro %}
