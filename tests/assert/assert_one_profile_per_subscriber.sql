{{ config(group='pipeline') }}

-- The tables that profiles are made of have one row for each subscriber and split, or for each
-- subscriber: so that a profile has each of its values once.

{% set tables = profile_tables() %}

with

rows_of_profiles as (

    {% for table in tables['by_split'] %}
        select
            '{{ table }}' as profile_table,
            subscriber_id,
            split_id
        from {{ table }}

        union all

    {% endfor %}
    {% for table in tables['of_the_whole'] %}
        select
            '{{ table }}' as profile_table,
            subscriber_id,
            cast(null as int) as split_id
        from {{ table }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select
        profile_table,
        subscriber_id,
        split_id,
        count(*) as n_rows
    from rows_of_profiles
    group by
        profile_table,
        subscriber_id,
        split_id
    having count(*) > 1 or subscriber_id is null

)

select * from final
