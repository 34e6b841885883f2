{# on-run-start: vars that cannot work stop the run here, with one sentence each. #}
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

        {% do check_noise_vars() %}
        {% do check_stop_vars() %}

        {% if var('landing_path') is not string or var('landing_path') | trim == '' %}
            {% do stop("The var landing_path is '" ~ var('landing_path')
                ~ "'; set it to the folder that holds events/, cell_sites/ and areas/.") %}
        {% endif %}
        {% for name in ['pseudonymise', 'event_header', 'exclude_suspicious', 'zero_is_a_person']
            if var(name) is not boolean %}
            {% do stop("The var " ~ name ~ " is '" ~ var(name) ~ "'; set it to true or false.") %}
        {% endfor %}

        {% set feeds = var('feeds') %}
        {% if feeds is string or feeds is not iterable
            or feeds | reject('in', ['recharges', 'listening', 'context', 'indicators']) | list %}
            {% do stop("The var feeds is '" ~ feeds ~ "'; set it to a list of optional feeds: "
                ~ "recharges, listening, context, indicators.") %}
        {% endif %}
        {% for name in ['study_start', 'study_end', 'home_start', 'home_end', 'baseline_start',
            'baseline_end', 'retention_as_of'] %}
            {% do check_date('var ' ~ name, var(name)) %}
        {% endfor %}
        {% for name in ['events', 'subscriber', 'candidates'] %}
            {% set days = var('retention_' ~ name ~ '_days') %}
            {% if days is not integer or days is boolean or days < 1 %}
                {% do stop("The var retention_" ~ name ~ "_days is " ~ days ~ "; set it to a whole "
                    ~ "number of days, 1 or more.") %}
            {% endif %}
        {% endfor %}
        {% do check_date_order('study_start', 'study_end') %}
        {% do check_date_order('home_start', 'home_end') %}
        {% do check_date_order('study_start', 'home_start') %}
        {% do check_date_order('home_end', 'study_end') %}
        {% do check_date_order('study_start', 'home_end') %}
        {% do check_date_order('home_start', 'study_end') %}
        {% do check_date_order('baseline_start', 'baseline_end') %}
        {% do check_date_order('study_start', 'baseline_end') %}
        {% do check_date_order('baseline_start', 'study_end') %}
        {% do check_study_events() %}
        {% do check_need_vars() %}

        {% for name, example in [
            ('event_columns', '{subscriber_id: msisdn, event_at: call_datetime}'),
            ('recharge_columns', '{subscriber_id: msisdn, recharge_at: topup_datetime}'),
            ('cell_site_columns', '{cell_id: "lac;ci", longitude: lon, latitude: lat}'),
            ('area_columns', '{area_id: ADM2_PCODE, area_name: ADM2_EN}'),
            ('indicator_columns', '{entity: country}')
        ] if var(name) is not mapping %}
            {% do stop("The var " ~ name ~ " is '" ~ var(name) ~ "'; set it to a map, such as "
                ~ example ~ ".") %}
        {% endfor %}
        {# A number in YAML may have lost its form: 007 becomes 7. #}
        {% set texts = var('missing_identifiers') %}
        {% if texts is string or texts is mapping or texts is not iterable
            or texts | reject('string') | list %}
            {% do stop("The var missing_identifiers is '" ~ texts ~ "'; set it to a list of texts "
                ~ "in quotes, such as ['test sim', '999999999'].") %}
        {% endif %}
        {% set delimiter = var('event_delimiter') %}
        {% if delimiter is not none and (delimiter is not string
            or (delimiter | length != 1 and delimiter != '\\t')) %}
            {% do stop("The var event_delimiter is '" ~ delimiter ~ "'; set it to one character. "
                ~ "With null it is found.") %}
        {% endif %}
        {% do check_time_vars() %}
        {% for name in ['min_usable_share', 'max_subscriber_share'] %}
            {% set share = var(name) %}
            {% if share is not number or share is boolean or not 0 <= share <= 1 %}
                {% do stop("The var " ~ name ~ " is '" ~ share ~ "'; set it to a number from 0 to "
                    ~ "1.") %}
            {% endif %}
        {% endfor %}
    {% endif %}
{% endmacro %}


{# Each event has a name of its own and two dates; areas are a list of ids. #}
{% macro check_study_events() %}
    {% set events = var('study_events') %}
    {% set example = "[{name: flood, from: '2020-02-10', to: '2020-02-16', areas: [d1, d2]}]" %}
    {% set is_list = events is iterable and events is not string and events is not mapping %}
    {% if not is_list or events | reject('mapping') | list %}
        {% do stop("The var study_events is '" ~ events ~ "'; set it to a list such as " ~ example
            ~ ".") %}
    {% endif %}
    {% for event in events %}
        {% set areas = event.get('areas', []) %}
        {% if event.get('name') is not string
            or event.keys() | reject('in', ['name', 'from', 'to', 'areas']) | list
            or areas is string or areas is mapping or areas is not iterable
            or areas | reject('string') | list %}
            {% do stop("The var study_events has " ~ event ~ "; write each event as in " ~ example
                ~ ".") %}
        {% endif %}
        {% for word in ['from', 'to'] %}
            {% if not event.get(word) %}
                {% do stop("The event " ~ event['name'] ~ " of the var study_events has no '" ~ word
                    ~ "'; write each event as in " ~ example ~ ".") %}
            {% endif %}
            {% do check_date("'" ~ word ~ "' of the event " ~ event['name']
                ~ " (var study_events)", event[word]) %}
        {% endfor %}
        {% if event['from'] | string > event['to'] | string %}
            {% do stop("The event " ~ event['name'] ~ " of the var study_events ends ("
                ~ event['to'] ~ ") before it begins (" ~ event['from'] ~ "). Swap them.") %}
        {% endif %}
    {% endfor %}
    {% if events | map(attribute='name') | unique | list | length < events | length %}
        {% do stop("Two events of the var study_events have the same name. Give each its own.") %}
    {% endif %}
{% endmacro %}


{# How figures of entities are made comparable, and into how many clusters they are divided. #}
{% macro check_need_vars() %}
    {% set scalings = ['min_max', 'z_score', 'log_min_max'] %}
    {% if var('need_scaling') not in scalings %}
        {% do stop("The var need_scaling is '" ~ var('need_scaling') ~ "'; set it to "
            ~ scalings | join(', ') ~ ".") %}
    {% endif %}
    {% set reach = var('need_outlier_reach') %}
    {% if reach is not number or reach is boolean or reach < 0 %}
        {% do stop("The var need_outlier_reach is '" ~ reach ~ "'; set it to a number above 0, or "
            ~ "to 0 to leave outliers as they are.") %}
    {% endif %}
    {% set n = var('need_clusters') %}
    {% if n is not none and (n is not integer or n is boolean or not 1 <= n <= 10) %}
        {% do stop("The var need_clusters is '" ~ n ~ "'; set it to a whole number from 1 to 10. "
            ~ "With null the bend of the sum of squares decides.") %}
    {% endif %}
{% endmacro %}


{# How times are written. Letters outside quotes are fields: a date is required; a zone needs that
   of the study; the name of a day may stand first and is passed over. #}
{% macro check_time_vars() %}
    {% set format = var('event_timestamp_format') | string %}
    {% set fields = modules.re.sub("'[^']*'", '', modules.re.sub('^E+[., ]*', '', format)) %}
    {% if not modules.re.fullmatch('[yMdDaHhkKmsSVzOXxZ\\W\\d_]*', fields) or 'y' not in fields
        or "'" in fields or 'd' not in fields | lower %}
        {% do stop("The var event_timestamp_format is '" ~ format ~ "'; set it to a Java pattern "
            ~ "such as yyyy-MM-dd HH:mm:ss or dd/MM/yyyy HH:mm. The name of a day (EEE) can only "
            ~ "stand first.") %}
    {% endif %}
    {% set zone = var('study_timezone') %}
    {% if zone is not none and zone not in modules.pytz.all_timezones %}
        {% do stop("The var study_timezone is '" ~ zone ~ "'; set it to the name of a zone in the "
            ~ "tz database, such as Africa/Nairobi or UTC.") %}
    {% endif %}
    {% if zone is none and has_zone(format) %}
        {% do stop("The var event_timestamp_format is '" ~ format ~ "', with a time zone; set the "
            ~ "var study_timezone too, to the zone of the study, such as Africa/Nairobi.") %}
    {% endif %}
{% endmacro %}


{# The options that blur, and what they need. #}
{% macro check_noise_vars() %}
    {% set base = var('rounding_base') %}
    {% if base is not integer or base is boolean or base < 0 or base == 1 %}
        {% do stop("The var rounding_base is " ~ base ~ "; set it to a whole number of 2 or more, "
            ~ "or to 0 for no rounding.") %}
    {% endif %}
    {% set mechanism = var('noise_mechanism') %}
    {% if mechanism not in ['none', 'cell_key', 'dp_laplace'] %}
        {% do stop("The var noise_mechanism is '" ~ mechanism ~ "'; set it to none, cell_key or "
            ~ "dp_laplace.") %}
    {% endif %}
    {% if mechanism == 'cell_key' and var('min_group_size') < 6 %}
        {% do stop("With noise_mechanism cell_key the var min_group_size is "
            ~ var('min_group_size') ~ "; set it to 6 or more: the noise takes up to 5 away.") %}
    {% endif %}
    {% set epsilon = var('dp_epsilon') %}
    {% if epsilon is not number or epsilon is boolean or epsilon <= 0 %}
        {% do stop("The var dp_epsilon is '" ~ epsilon ~ "'; set it to a number above 0.") %}
    {% endif %}
    {% set areas = var('dp_max_areas') %}
    {% if areas is not integer or areas is boolean or areas < 1 %}
        {% do stop("The var dp_max_areas is '" ~ areas ~ "'; set it to a whole number of 1 or "
            ~ "more.") %}
    {% endif %}
    {% if mechanism == 'dp_laplace' and not (var('study_start') and var('study_end')) %}
        {% do stop("With noise_mechanism dp_laplace set study_start and study_end: which days are "
            ~ "published must not follow from the events.") %}
    {% endif %}
{% endmacro %}


{# What stops, journeys and the areas of cells need. #}
{% macro check_stop_vars() %}
    {% for name, unit in [
        ('stop_radius_km', 'km'), ('stop_min_stay_minutes', 'minutes'),
        ('stop_max_gap_minutes', 'minutes'), ('max_journey_hours', 'hours')
    ] %}
        {% set value = var(name) %}
        {% if value is not number or value is boolean or value <= 0 %}
            {% do stop("The var " ~ name ~ " is '" ~ value ~ "'; set it to a number of " ~ unit
                ~ " above 0.") %}
        {% endif %}
    {% endfor %}
    {% for name, unit in [
        ('pingpong_minutes', 'minutes'), ('pingpong_km', 'km'), ('snap_km', 'km')
    ] %}
        {% set value = var(name) %}
        {% if value is not number or value is boolean or value < 0 %}
            {% do stop("The var " ~ name ~ " is '" ~ value ~ "'; set it to a number of " ~ unit
                ~ ", 0 or more.") %}
        {% endif %}
    {% endfor %}
    {% for name, most, reason in [
        ('trace_max_events', 10000000, ': the events of one subscriber are in memory at once.'),
        ('subscriber_buckets', 10000, '.')
    ] %}
        {% set value = var(name) %}
        {% if value is not integer or value is boolean or not 1 <= value <= most %}
            {% do stop("The var " ~ name ~ " is '" ~ value ~ "'; set it to a whole number from 1 "
                ~ "to " ~ most ~ reason) %}
        {% endif %}
    {% endfor %}
{% endmacro %}


{# A date is null or an ISO date that exists. Jinja cannot catch the error of strptime. #}
{% macro check_date(what, value) %}
    {% set text = value | string %}
    {% if value is not none %}
        {% set parts = modules.re.fullmatch('(\\d{4})-(\\d{2})-(\\d{2})', text) %}
        {% set months = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] %}
        {% set year = parts[1] | int if parts else 0 %}
        {% set month = parts[2] | int if parts else 0 %}
        {% set day = parts[3] | int if parts else 0 %}
        {% set is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) %}
        {% if not 1 <= month <= 12 or not 1 <= day <= months[month - 1]
            or (month == 2 and day == 29 and not is_leap) %}
            {% do stop("The " ~ what ~ " is '" ~ text ~ "'; set it to a date such as "
                ~ "2020-02-01, or null.") %}
        {% endif %}
    {% endif %}
{% endmacro %}


{# The first date var is not after the second, where both are set. #}
{% macro check_date_order(first, last) %}
    {% if var(first) and var(last) and var(first) | string > var(last) | string %}
        {% do stop("The var " ~ last ~ " (" ~ var(last) ~ ") is before " ~ first ~ " ("
            ~ var(first) ~ "); change one of them.") %}
    {% endif %}
{% endmacro %}


{# Every var of dbt_project.yml (a policy test compares the two). #}
{% macro known_vars() %}
    {{ return(['landing_path', 'feeds', 'event_columns', 'recharge_columns', 'cell_site_columns',
        'area_columns', 'indicator_columns', 'event_delimiter', 'event_header',
        'event_timestamp_format', 'study_timezone', 'study_start', 'study_end', 'home_start',
        'home_end', 'baseline_start', 'baseline_end', 'study_events', 'need_scaling',
        'need_outlier_reach', 'need_clusters', 'min_group_size', 'rounding_base',
        'noise_mechanism', 'dp_epsilon', 'dp_max_areas', 'snap_km', 'stop_radius_km',
        'stop_min_stay_minutes', 'stop_max_gap_minutes', 'pingpong_minutes', 'pingpong_km',
        'max_journey_hours', 'trace_max_events', 'exclude_suspicious',
        'missing_identifiers', 'zero_is_a_person', 'subscriber_buckets', 'min_usable_share',
        'max_subscriber_share', 'pseudonymise', 'retention_events_days',
        'retention_subscriber_days', 'retention_candidates_days', 'retention_as_of']) }}
{% endmacro %}
