{# The tables that int_subscriber_profiles is made of: those with a row for each subscriber and
   split (by_split), and those with a row for each subscriber (of_the_whole). #}
{% macro profile_tables() %}
    {% set tables = {
        'by_split': [
            ref('int_profile_activity'),
            ref('int_profile_contacts'),
            ref('int_profile_call_time'),
            ref('int_profile_conversations'),
            ref('int_profile_cells'),
            ref('int_profile_gyration'),
        ],
        'of_the_whole': [ref('int_profile_churn'), ref('int_profile_network')],
    } %}
    {% if has_feed('recharges') %}
        {% do tables['by_split'].append(ref('int_profile_recharges')) %}
        {% do tables['of_the_whole'].append(ref('int_profile_balances')) %}
    {% endif %}
    {% do return(tables) %}
{% endmacro %}
