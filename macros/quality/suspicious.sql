{# Whether a subscriber is a machine: of at least 48 intervals between events four in five are
   nearly equal. Of people one in four is, at most, in the synthetic country. #}
{% macro is_machine(n_steps, share_regular) -%}
    ({{ n_steps }} >= 48 and {{ share_regular }} >= 0.8)
{%- endmacro %}


{# Whether a number is used at two places at once: a fifth of all steps are impossible, or on three
   days and a fifth of all days one is over more than 50 km. Sites out of turn give people up to one
   impossible step in seven. #}
{% macro is_impossible_traveller(trace) -%}
    (
        ({{ trace }}.n_impossible_steps >= 3
            and {{ trace }}.n_impossible_steps * 5 >= {{ trace }}.n_steps)
        or ({{ trace }}.n_far_days >= 3 and {{ trace }}.n_far_days * 5 >= {{ trace }}.n_days)
    )
{%- endmacro %}


{# With exclude_suspicious, leaves the events of those out. #}
{% macro without_suspicious(events) -%}
    {% if var('exclude_suspicious') -%}
        left anti join {{ ref('int_suspicious_subscribers') }} as suspicious
        on {{ events }}.subscriber_id = suspicious.subscriber_id
    {%- endif %}
{%- endmacro %}
