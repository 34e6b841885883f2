{{ config(enabled=has_feed('listening'), meta={'retention': 'none'}) }}

-- Every group and feature for which listener_summary has a row, whether or not anybody listens: the
-- codes of the seed, and all possible zip prefixes. The presence of a row reveals nothing.

with

study_periods as (

    select * from {{ ref('int_study_periods') }}
    where period = 'study'

),

codes as (

    select * from {{ ref('customer_codes') }}
    where attribute in ('level', 'campaign', 'gender', 'status')

),

groups as (

    select
        'everyone' as grouped_by,
        'everyone' as group_value

    union all

    select
        attribute as grouped_by,
        meaning as group_value
    from codes

    union all

    select
        attribute as grouped_by,
        'unknown' as group_value
    from codes
    group by attribute

    union all

    select
        'zip_prefix' as grouped_by,
        lpad(cast(id as string), 3, '0') as group_value
    from range(1000)

    union all

    select
        'zip_prefix' as grouped_by,
        'unknown' as group_value

),

final as (

    select
        study_periods.period,
        study_periods.period_start,
        groups.grouped_by,
        groups.group_value,
        explode(
            array(
                'n_unique_tracks',
                'n_morning',
                'n_afternoon',
                'n_evening',
                'n_night',
                'n_mobile',
                'n_events'
            )
        ) as feature
    from groups
    cross join study_periods

)

select * from final
