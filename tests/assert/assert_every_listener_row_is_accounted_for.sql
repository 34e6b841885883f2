{{ config(enabled=has_feed('listening'), group='pipeline') }}

-- Rows read = rows in the profiles + rows rejected, for both feeds. The rows are counted again in
-- the files.

with

events_read as (

    select count(*) as n_rows
    from {{ source('landing', 'listening_events') }}

),

events_counted as (

    select coalesce(sum(n_events), 0) as n_rows
    from {{ ref('int_listener_profiles') }}

),

customers_read as (

    select count(*) as n_rows
    from {{ source('landing', 'customers') }}

),

customers_accepted as (

    select count(*) as n_rows
    from {{ ref('int_customers_checked') }}
    where reject_reason is null

),

rows_rejected as (

    select
        count_if(feed = 'listening_events') as n_events,
        count_if(feed = 'customers') as n_customers
    from {{ ref('rejected_listener_rows') }}

),

final as (

    select
        events_read.n_rows as n_events_read,
        events_counted.n_rows as n_events_counted,
        rows_rejected.n_events as n_events_rejected,
        customers_read.n_rows as n_customers_read,
        customers_accepted.n_rows as n_customers_accepted,
        rows_rejected.n_customers as n_customers_rejected
    from events_read
    cross join events_counted
    cross join customers_read
    cross join customers_accepted
    cross join rows_rejected
    where
        events_read.n_rows <> events_counted.n_rows + rows_rejected.n_events
        or customers_read.n_rows <> customers_accepted.n_rows + rows_rejected.n_customers

)

select * from final
