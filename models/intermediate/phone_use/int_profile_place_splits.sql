{{ config(materialized='view') }}

-- The half hours at each cell once for each split in which they count, in their week and in the
-- study (week_start is null). They are already split by part of the day.

with

half_hours as (

    select /*+ repartition(subscriber_id) */ * from {{ ref('int_profile_half_hours') }}

),

splits as (

    select * from {{ ref('profile_splits') }}
    where interaction is null

),

final as (

    select /*+ broadcast(splits) */
        half_hours.subscriber_id,
        half_hours.key_id,
        splits.split_id,
        explode(array(cast(null as date), half_hours.week_start)) as week_start,
        half_hours.cell_rank,
        half_hours.cell_number,
        half_hours.n_half_hours
    from half_hours
    inner join splits
        on
            half_hours.part_of_day = splits.part_of_day
            and splits.part_of_week in (half_hours.part_of_week, 'allweek')

)

select * from final
