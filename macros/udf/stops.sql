{# The located events of a subscriber as one array in order of time; of cells at the same instant,
   the smaller cell_number (the smaller cell_id) comes first. An aggregate. #}
{% macro trace_of(event_at, cell_number, longitude, latitude) -%}
    sort_array(
        collect_list(
            named_struct(
                'event_at', {{ event_at }},
                'cell_number', {{ cell_number }},
                'longitude', {{ longitude }},
                'latitude', {{ latitude }}
            )
        )
    )
{%- endmacro %}


{# The stops of a trace, by the rule of docs/definitions.md, Stop. #}
{% macro stops_of(trace) -%}
    detect_stops(
        {{ trace }},
        cast({{ var('stop_radius_km') }} as double),
        cast({{ var('stop_min_stay_minutes') }} as double),
        cast({{ var('stop_max_gap_minutes') }} as double),
        cast({{ var('pingpong_minutes') }} as double),
        cast({{ var('pingpong_km') }} as double)
    )
{%- endmacro %}


{# The journeys between the stops of one subscriber, by the rule of docs/definitions.md, Journey. #}
{% macro journeys_of(stops) -%}
    detect_journeys(
        {{ stops }},
        cast({{ var('max_journey_hours') }} as double),
        cast({{ var('stop_radius_km') }} as double)
    )
{%- endmacro %}
