{{ config(
    materialized='by_day',
    partition_by=['event_date'],
    clustered_by=['subscriber_id'],
    buckets=var('subscriber_buckets')
) }}

-- Where each subscriber's day ended: the area of the last located event. Of several cells at that
-- instant, the one with the smallest cell_id counts.

with

cell_visits as (

    select * from {{ ref('int_cell_visits') }}

),

visits_ranked as (

    select
        subscriber_id,
        key_id,
        area_id,
        event_date,
        row_number() over (
            partition by subscriber_id, event_date
            order by last_event_at desc, cell_id asc
        ) as visit_rank
    from cell_visits

),

final as (

    select
        subscriber_id,
        key_id,
        area_id,
        event_date
    from visits_ranked
    where visit_rank = 1

)

select * from final
