{# The class of a call or text, from 0 (a call on a weekday at day) to 7: one number for the three
   things that decide in which splits it counts (int_profile_split_classes). #}
{% macro event_class(interaction, part_of_week, part_of_day) -%}
    cast({{ interaction }} = 'text' as int)
        + 2 * cast({{ part_of_week }} = 'weekend' as int)
        + 4 * cast({{ part_of_day }} = 'night' as int)
{%- endmacro %}
