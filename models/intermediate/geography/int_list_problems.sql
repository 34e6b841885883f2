{{ config(post_hook="{{ stop_at_list_problems(this) }}") }}

-- What the lists of cells and areas say that cannot be, or that leaves little of them. A build
-- stops here with a sentence for each, and nothing that reads the lists is made.

with

cell_list_problems as (

    select * from {{ ref('int_cell_list_problems') }}

),

cell_area_problems as (

    select * from {{ ref('int_cell_area_problems') }}

),

area_list_problems as (

    select * from {{ ref('int_area_list_problems') }}

),

problems as (

    select * from cell_list_problems
    union all
    select * from cell_area_problems
    union all
    select * from area_list_problems

),

final as (

    select
        problem,
        source_file,
        n_rows,
        n_all,
        example
    from problems

)

select * from final
