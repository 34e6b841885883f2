{{ config(group='pipeline') }}

-- Profiles are under one key, whether they come from events or from recharges: across two keys, one
-- person would have two halves. Asked of the tables that profiles are made of.

{% set tables = profile_tables() %}

with

keys as (

    {% for table in tables['by_split'] + tables['of_the_whole'] %}
        select coalesce(key_id, 'none') as key_id from {{ table }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select count(distinct key_id) as n_keys
    from keys
    having count(distinct key_id) > 1

)

select * from final
