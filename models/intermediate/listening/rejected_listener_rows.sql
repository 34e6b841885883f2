{{ config(enabled=has_feed('listening'), meta={'retention': 'events'}) }}

-- Every row of the listener feed that is rejected, and why.

with

listening_events as (

    select * from {{ ref('int_listening_events') }}

),

copies as (

    select * from {{ ref('int_listening_copies') }}

),

customers as (

    select * from {{ ref('int_customers_checked') }}

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
    from copies

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
