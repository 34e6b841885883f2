{{ config(group='pipeline') }}

-- Per file of the lists of cells and areas: rows read = rows accepted + rows rejected. The rows are
-- counted again in the files.

with

rows_read as (

    select
        'cell_sites' as list_name,
        source_file,
        count(*) as n_rows
    from {{ source('landing', 'cell_sites') }}
    group by source_file

    union all

    select
        'areas' as list_name,
        source_file,
        count(*) as n_rows
    from {{ source('landing', 'areas') }}
    group by source_file

),

rows_accounted_for as (

    select
        'cell_sites' as list_name,
        source_file
    from {{ ref('int_cells_placed') }}

    union all

    select
        'cell_sites' as list_name,
        source_file
    from {{ ref('rejected_cells') }}

    union all

    select
        'areas' as list_name,
        source_file
    from {{ ref('int_areas') }}

    union all

    select
        'areas' as list_name,
        source_file
    from {{ ref('rejected_areas') }}

),

rows_used as (

    select
        list_name,
        source_file,
        count(*) as n_rows
    from rows_accounted_for
    group by
        list_name,
        source_file

),

final as (

    select
        rows_read.list_name,
        rows_read.source_file as file_read,
        rows_used.source_file as file_used,
        rows_read.n_rows as n_rows_read,
        rows_used.n_rows as n_rows_used
    from rows_read
    full outer join rows_used
        on
            rows_read.list_name = rows_used.list_name
            and rows_read.source_file = rows_used.source_file
    where rows_read.n_rows is distinct from rows_used.n_rows

)

select * from final
