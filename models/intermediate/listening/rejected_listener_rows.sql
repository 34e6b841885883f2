{{ config(meta={'retention': 'events'}) }}

-- Every row of the listener feed that is not used, and why. Of equal events the one in the file
-- with the smallest name is used. Equal events share their id, so only ids that occur twice are
-- compared.

with

listening_events as (

    select * from {{ ref('int_listening_events') }}

),

customers as (

    select * from {{ ref('int_customers_checked') }}

),

repeated_ids as (

    select event_id
    from listening_events
    where event_date is not null
    group by event_id
    having count(*) > 1

),

copies_numbered as (

    select
        listening_events.source_file,
        row_number() over (
            partition by
                listening_events.event_id,
                listening_events.customer_id,
                listening_events.track_id,
                listening_events.is_mobile,
                listening_events.zip,
                listening_events.event_at
            order by listening_events.source_file
        ) as copy_number
    from listening_events
    left semi join repeated_ids
        on listening_events.event_id <=> repeated_ids.event_id
    where listening_events.event_date is not null

),

final as (

    select
        'listening_events' as feed,
        source_file,
        reject_reason,
        rejected_value
    from listening_events
    where event_date is null

    union all

    select
        'listening_events' as feed,
        source_file,
        'duplicate' as reject_reason,
        cast(null as string) as rejected_value
    from copies_numbered
    where copy_number > 1

    union all

    select
        'customers' as feed,
        source_file,
        reject_reason,
        cast(null as string) as rejected_value
    from customers
    where reject_reason is not null

)

select * from final
