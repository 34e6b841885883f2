{# For the splits of profiles: the weekend is Saturday and Sunday. #}
{% macro part_of_week(event_date) -%}
    case when weekday({{ event_date }}) < 5 then 'weekday' else 'weekend' end
{%- endmacro %}


{# For the splits of profiles: night is from 19:00:00 to 07:00:00, both included. #}
{% macro part_of_day(event_at, event_date) -%}
    case
        when
            {{ event_at }} > timestampadd(hour, 7, cast({{ event_date }} as timestamp))
            and {{ event_at }} < timestampadd(hour, 19, cast({{ event_date }} as timestamp))
            then 'day'
        else 'night'
    end
{%- endmacro %}
