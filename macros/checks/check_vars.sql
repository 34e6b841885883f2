{# on-run-start: vars that cannot work stop the run here, one sentence each. #}
{% macro check_vars() %}
    {% if execute %}
        {% for name in invocation_args_dict.get('vars', {}) if name not in known_vars() %}
            {% do stop("There is no var '" ~ name ~ "'. The vars are: "
                ~ known_vars() | join(', ') ~ ".") %}
        {% endfor %}

        {% set size = var('min_group_size') %}
        {% if size is not integer or size is boolean or size < 2 %}
            {% do stop("The var min_group_size is " ~ size ~ "; set it to a whole number of 2 or "
                ~ "more: with less, one person could be published.") %}
        {% endif %}

        {% if var('landing_path') is not string or var('landing_path') | trim == '' %}
            {% do stop("The var landing_path is '" ~ var('landing_path')
                ~ "'; set it to the folder that holds events/, cell_sites/ and areas/.") %}
        {% endif %}
        {% for name in ['pseudonymise', 'event_header'] if var(name) is not boolean %}
            {% do stop("The var " ~ name ~ " is '" ~ var(name) ~ "'; set it to true or false.") %}
        {% endfor %}

        {% for name in ['study_start', 'study_end', 'home_start', 'home_end'] %}
            {% do check_date_var(name) %}
        {% endfor %}
        {% do check_date_order('study_start', 'study_end') %}
        {% do check_date_order('home_start', 'home_end') %}
        {% do check_date_order('study_start', 'home_start') %}
        {% do check_date_order('home_end', 'study_end') %}
        {% do check_date_order('study_start', 'home_end') %}
        {% do check_date_order('home_start', 'study_end') %}

        {% if var('event_columns') is not mapping %}
            {% do stop("The var event_columns is '" ~ var('event_columns') ~ "'; set it to a map, "
                ~ "such as {subscriber_id: msisdn, event_at: call_datetime}.") %}
        {% endif %}
        {% set columns = ['subscriber_id', 'event_at', 'cell_id', 'event_type', 'direction',
            'counterpart_id', 'duration_s', 'volume_mb'] %}
        {% for name, theirs in var('event_columns').items() if theirs is not string %}
            {% do stop("The var event_columns maps " ~ name ~ " to '" ~ theirs
                ~ "'; map it to the name of a column.") %}
        {% endfor %}
        {% for name in var('event_columns') if name not in columns %}
            {% do stop("The var event_columns maps '" ~ name ~ "', which is no event column. "
                ~ "They are: " ~ columns | join(', ') ~ ".") %}
        {% endfor %}

        {% if var('event_delimiter') is not string or var('event_delimiter') | length != 1 %}
            {% do stop("The var event_delimiter is '" ~ var('event_delimiter')
                ~ "'; set it to one character.") %}
        {% endif %}
        {# Letters outside quotes are fields: a date is a must, zones are not understood. #}
        {% set format = var('event_timestamp_format') %}
        {% set fields = modules.re.sub("'[^']*'", '', format | string) %}
        {% if not modules.re.fullmatch('[yMdDaHhkKmsS\\W\\d_]*y[yMdDaHhkKmsS\\W\\d_]*', fields)
            or "'" in fields or 'd' not in fields | lower %}
            {% do stop("The var event_timestamp_format is '" ~ format ~ "'; set it to a Java "
                ~ "pattern without a time zone, such as yyyy-MM-dd HH:mm:ss or dd/MM/yyyy HH:mm.") %}
        {% endif %}
    {% endif %}
{% endmacro %}


{# A date var is null or an ISO date that exists. #}
{% macro check_date_var(name) %}
    {% set text = var(name) | string %}
    {% if var(name) is not none %}
        {% set parts = modules.re.fullmatch('(\\d{4})-(\\d{2})-(\\d{2})', text) %}
        {% set months = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] %}
        {% set year = parts[1] | int if parts else 0 %}
        {% set month = parts[2] | int if parts else 0 %}
        {% set day = parts[3] | int if parts else 0 %}
        {% set is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) %}
        {% if not 1 <= month <= 12 or not 1 <= day <= months[month - 1]
            or (month == 2 and day == 29 and not is_leap) %}
            {% do stop("The var " ~ name ~ " is '" ~ text ~ "'; set it to a date such as "
                ~ "2020-02-01, or null.") %}
        {% endif %}
    {% endif %}
{% endmacro %}


{# The first date var is not after the second, where both are given. #}
{% macro check_date_order(first, last) %}
    {% if var(first) and var(last) and var(first) | string > var(last) | string %}
        {% do stop("The var " ~ last ~ " (" ~ var(last) ~ ") is before " ~ first ~ " ("
            ~ var(first) ~ "); change one of them.") %}
    {% endif %}
{% endmacro %}


{# Every var of dbt_project.yml (a policy test compares the two). #}
{% macro known_vars() %}
    {{ return(['landing_path', 'event_columns', 'event_delimiter', 'event_header',
        'event_timestamp_format', 'study_start', 'study_end', 'home_start', 'home_end',
        'min_group_size', 'pseudonymise']) }}
{% endmacro %}
