{{ config(group='pipeline') }}

-- Per file: rows read = rows accepted + rows rejected. The rows are counted again in the files.

with

rows_read as (

    select
        source_file,
        count(*) as n_rows
    from {{ source('landing', 'events') }}
    group by source_file

),

rows_accepted as (

    select
        source_file,
        count(*) as n_rows
    from {{ ref('int_events_accepted') }}
    group by source_file

),

rows_rejected as (

    select
        source_file,
        count(*) as n_rows
    from {{ ref('rejected_events') }}
    group by source_file

),

rows_used as (

    select
        coalesce(rows_accepted.source_file, rows_rejected.source_file) as source_file,
        coalesce(rows_accepted.n_rows, 0) + coalesce(rows_rejected.n_rows, 0) as n_rows
    from rows_accepted
    full outer join rows_rejected
        on rows_accepted.source_file = rows_rejected.source_file

),

final as (

    select
        rows_read.source_file as file_read,
        rows_used.source_file as file_used,
        rows_read.n_rows as n_rows_read,
        rows_used.n_rows as n_rows_used
    from rows_read
    full outer join rows_used
        on rows_read.source_file = rows_used.source_file
    where rows_read.n_rows is distinct from rows_used.n_rows

)

select * from final
