{{ config(materialized='view') }}

-- Every place once for each split in which it counts, in its week and in the study (week_start is
-- null). Places are already split by part of the day.

with

places as (

    select /*+ repartition(subscriber_id) */ * from {{ ref('int_profile_places') }}

),

splits as (

    select * from {{ ref('profile_splits') }}
    where interaction is null

),

final as (

    select /*+ broadcast(splits) */
        places.subscriber_id,
        places.key_id,
        splits.split_id,
        explode(array(cast(null as date), places.week_start)) as week_start,
        places.cell_id,
        places.longitude,
        places.latitude
    from places
    inner join splits
        on
            places.part_of_day = splits.part_of_day
            and splits.part_of_week in (places.part_of_week, 'allweek')

)

select * from final
