{# No column is named like an identifier of a person, and no text looks like a hash or the number
   of a phone. Area ids may be long numbers, so a text that is the id of an area is let through. #}
{% test no_identifiers(model) %}

{% set names = 'msisdn|imsi|imei|iccid|subscriber_id|counterpart_id|caller|callee|recipient'
    ~ '|device_id|hash|token|email|person_key|people_key|pid' %}
{% set columns = adapter.get_columns_in_relation(model) if execute else [] %}

with

texts as (

    {% for column in columns %}
    select
        '{{ column.name }}' as column_name,
        {{ modules.re.search('(^|_)(' ~ names ~ ')$', column.name) is not none }} as is_name_denied,
        cast({{ column.name if column.dtype == 'string' else 'null' }} as string) as text
    from {{ model }}
    group by all
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

areas as (

    select area_id from {{ ref('int_area_list') }}

)

select texts.*
from texts
left anti join areas
    on texts.text = areas.area_id
where
    texts.is_name_denied
    or texts.text rlike '^[0-9a-fA-F]{32,128}$'
    or texts.text rlike '^[+]?[0-9]{8,15}$'

{% endtest %}
