{{ config(enabled=has_feed('recharges'), materialized='view') }}

-- Every recharge once for each split in which it counts, in its week and in the study (week_start
-- is null). Splits without an interaction are those of places and recharges.

with

recharges as (

    select /*+ repartition(subscriber_id) */ * from {{ ref('int_recharges_checked') }}
    where event_date is not null

),

splits as (

    select * from {{ ref('profile_splits') }}
    where interaction is null

),

recharges_in_parts as (

    select
        subscriber_id,
        key_id,
        recharge_at,
        amount,
        {{ part_of_week('event_date') }} as part_of_week,
        {{ part_of_day('recharge_at', 'event_date') }} as part_of_day,
        cast(date_trunc('week', event_date) as date) as week_start
    from recharges

),

final as (

    select /*+ broadcast(splits) */
        recharges_in_parts.subscriber_id,
        recharges_in_parts.key_id,
        splits.split_id,
        recharges_in_parts.recharge_at,
        recharges_in_parts.amount,
        explode(array(cast(null as date), recharges_in_parts.week_start)) as week_start
    from recharges_in_parts
    inner join splits
        on
            splits.part_of_week in (recharges_in_parts.part_of_week, 'allweek')
            and splits.part_of_day in (recharges_in_parts.part_of_day, 'allday')

)

select * from final
