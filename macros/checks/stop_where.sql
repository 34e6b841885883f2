{# Post-hooks of the models that check what was read. They end the build with one sentence for each
   thing that is wrong; what was read stays in the tables that the sentences name. #}


{# A column of a file of which too little could be used, or events of which none was accepted. A few
   values tell nothing: below 10 there is only the warning of throng summary. #}
{% macro stop_where_unusable(columns_read) %}
    {% if execute %}
        {% set sentences = [] %}
        {% for file, column, n_given, n_unusable, example in run_query(
            'select source_file, column_name, n_given, n_unusable, example from ' ~ columns_read
            ~ ' where n_given >= 10 and n_given - n_unusable < ' ~ var('min_usable_share')
            ~ ' * n_given order by source_file, column_name'
        ).rows %}
            {% do sentences.append(unusable_sentence(file, column, n_given, n_unusable, example)) %}
        {% endfor %}
        {% if not sentences %}
            {% do sentences.extend(nothing_accepted_sentences()) %}
        {% endif %}
        {% do stop_with(sentences) %}
    {% endif %}
{% endmacro %}


{% macro unusable_sentence(file, column, n_given, n_unusable, example) %}
    {% set seen = " (most look like '" ~ example ~ "')" if example else '' %}
    {% if column == 'row' %}
        {% do return('events/' ~ file ~ ': ' ~ n_unusable ~ ' of ' ~ n_given ~ ' rows have more or '
            ~ 'fewer fields than its columns. See whether it was cut or has another delimiter.') %}
    {% endif %}
    {% do return(
        'events/' ~ file ~ ': ' ~ n_unusable ~ ' of ' ~ n_given ~ ' values of ' ~ column
        ~ ' could not be used' ~ seen ~ '. ' ~ advice_on_column(column, example or '')
    ) %}
{% endmacro %}


{# What helps, for each column. An example is a shape: letters are a, digits 9. #}
{% macro advice_on_column(column, example) %}
    {% set is_instant = modules.re.fullmatch(
        '9{10}([.]9+)?|9{13}([.]9+)?|.*9([aA]|[+-][9:]{4,5})', example
    ) %}
    {% if column == 'event_at' and is_instant %}
        {% do return('These are instants: set the var study_timezone to the zone of the study, '
            ~ 'such as Africa/Nairobi.') %}
    {% endif %}
    {% do return({
        'subscriber_id': 'Map subscriber_id to the right column in the var event_columns, or have '
            ~ 'the file exported again with whole identifiers.',
        'event_at': 'Set the var event_timestamp_format to the Java pattern of these times, such as '
            ~ 'dd/MM/yyyy HH:mm, yyyyMMddHHmmss or, with am and pm, MM/dd/yyyy hh:mm:ss a.',
        'cell_id': 'Compare them with the ids in cell_sites/ (analyses/events/unknown_cells.sql), '
            ~ 'or map cell_id to the right column, or columns, in the var event_columns.',
        'event_type': 'Add these words to seeds/event_words.csv, or map event_type to the right '
            ~ 'column in the var event_columns.',
        'direction': 'Add these words to seeds/event_words.csv, or map direction to the right '
            ~ 'column in the var event_columns.',
        'counterpart_id': 'Have the file exported again with whole identifiers, or map '
            ~ 'counterpart_id to the right column in the var event_columns.',
        'duration_s': 'Write seconds, or clock times such as 00:01:35, or map duration_s to the '
            ~ 'right column in the var event_columns.',
        'volume_mb': 'Write megabytes as a number, or map volume_mb to the right column in the var '
            ~ 'event_columns.'
    }[column] ~ ' To build all the same, lower the var min_usable_share.') %}
{% endmacro %}


{# Where no event was accepted: why most of them were not. #}
{% macro nothing_accepted_sentences() %}
    {% set reasons = run_query(
        "select coalesce(reject_reason, ''), count(*) from protected.int_events_checked "
        ~ 'group by reject_reason order by count(*) desc, reject_reason'
    ).rows %}
    {% set rejected = [] %}
    {% for reason, n_rows in reasons if reason %}
        {% do rejected.append(n_rows ~ ' ' ~ reason) %}
    {% endfor %}
    {% if rejected | length == reasons | length %}
        {% do return(['No event was accepted' ~ (': ' ~ rejected | join(', ')
            ~ '. See protected.rejected_events for each row.' if rejected
            else ': the files in events/ have no rows.')]) %}
    {% endif %}
    {% do return([]) %}
{% endmacro %}


{# An identifier with an implausible share of all events. Only its shape is shown. #}
{% macro stop_where_overused(overused) %}
    {% if execute %}
        {% set sentences = [] %}
        {% for subscriber, n_events, share, in_minute, in_hour in run_query(
            'select subscriber_id, n_events, round(100 * share_of_events, 1), n_cells_in_minute, '
            ~ 'n_cells_in_hour from ' ~ overused ~ ' where share_of_events > '
            ~ var('max_subscriber_share') ~ ' order by n_events desc, subscriber_id'
        ).rows %}
            {% do sentences.append(
                "One subscriber_id of the shape '" ~ shape_of_subscriber(subscriber) ~ "' has "
                ~ share ~ '% of all events, at ' ~ in_minute ~ ' cells in one minute and at '
                ~ in_hour ~ ' in one hour: it cannot be one person. If it stands for nobody, add '
                ~ 'it to the var missing_identifiers; if it is right, raise max_subscriber_share.'
            ) %}
        {% endfor %}
        {% do stop_with(sentences) %}
    {% endif %}
{% endmacro %}


{# The identifier itself is in the landing files only. #}
{% macro shape_of_subscriber(subscriber) %}
    {% set found = run_query(
        'select ' ~ shape_of('max(trim(subscriber_id))') ~ ' from landing.events where '
        ~ pseudonym(identifier('subscriber_id'), study_date()) ~ ' = ' ~ subscriber
    ).rows %}
    {% do return(found[0][0]) %}
{% endmacro %}


{# The dates of other years, where they hold more than a clock that was wrong could. #}
{% macro stop_where_implausible(implausible_dates) %}
    {% if execute %}
        {% set found = run_query(
            'select count(*), min(event_date), max(event_date), sum(n_events), '
            ~ '(select count(event_date) from protected.int_events_checked) from '
            ~ implausible_dates
        ).rows[0] %}
        {% if found[0] and found[3] > 10 and found[3] * 100 > found[4] %}
            {% do stop(
                found[3] ~ ' of ' ~ found[4] ~ ' events are of other years than most (' ~ found[1]
                ~ ' to ' ~ found[2] ~ '), with more than a year without events between. Set the '
                ~ 'vars study_start and study_end to the study you want.'
            ) %}
        {% endif %}
    {% endif %}
{% endmacro %}


{# Codes of customers that the seed does not have: all of them would be `unknown`. #}
{% macro stop_where_codes_unknown(customers, codes) %}
    {% if execute %}
        {% set sentences = [] %}
        {% for attribute, n_codes, n_unknown, example in run_query(
            "select attribute, count(*), count_if(meaning is null), "
            ~ "mode(case when meaning is null then " ~ shape_of('customers.code') ~ " end, true) "
            ~ "from (select stack(5, 'gender', gender_code, 'status', status_code, 'level', "
            ~ "level_code, 'campaign', campaign_code, 'linked_apps', linked_apps_code) "
            ~ "as (attribute, code) from " ~ customers ~ ") as customers "
            ~ "left join " ~ codes ~ " using (attribute, code) "
            ~ "where customers.code <> '' group by attribute having count(*) >= 10 "
            ~ "and count_if(meaning is not null) < " ~ var('min_usable_share') ~ " * count(*) "
            ~ "order by attribute"
        ).rows %}
            {% do sentences.append('customers/: ' ~ n_unknown ~ ' of ' ~ n_codes ~ ' codes of '
                ~ attribute ~ " are not in seeds/customer_codes.csv (most look like '" ~ example
                ~ "'). Add them there with their meaning, or correct the file.") %}
        {% endfor %}
        {% do stop_with(sentences) %}
    {% endif %}
{% endmacro %}
