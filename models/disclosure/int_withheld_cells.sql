{{ config(materialized='fixpoint') }}

-- Secondary suppression: cells of min_group_size people or more that are withheld because a small
-- cell could be worked out from them. Of the cells that a reader could subtract from each other,
-- either none is withheld, or two or more with min_group_size people together; and as many people
-- are withheld below a withheld cell. A pass settles every group once and may unsettle others; the
-- passes end when no group asks for more. Among cells of about the same size a keyed order decides.

with

withheld_so_far as (

    select * from {{ this }}

),

groups as (

    select * from {{ ref('int_additive_groups') }}

),

repairs as (

    select * from {{ source('disclosure', 'disclosure_repairs') }}

),

dominated_cells as (

    select table_cell from {{ ref('int_table_cells') }}
    where is_dominated

),

members as (

    -- A group by two hashes of its long name, 96 bits together: each pass sorts by it.
    select
        groups.*,
        xxhash64(groups.relation_id, groups.group_id) as group_hash,
        hash(groups.relation_id, groups.group_id) as second_hash,
        groups.table_cell is null
        or withheld_so_far.table_cell is not null
        or not {{ has_min_group_size('groups.n_subscribers') }} as is_withheld,
        withheld_parents.table_cell is not null
        or coalesce(not {{ has_min_group_size('groups.parent_n_subscribers') }}, false)
            as is_parent_withheld
    from groups
    left join withheld_so_far
        on groups.table_cell = withheld_so_far.table_cell
    left join withheld_so_far as withheld_parents
        on groups.parent_cell = withheld_parents.table_cell

),

-- The withheld first, then the smaller: what comes before a member is what would be withheld if
-- it were the next.
members_in_order as (

    select
        *,
        count(*) over (partition by group_hash, second_hash) as n_members,
        count_if(is_withheld) over (partition by group_hash, second_hash) as n_withheld,
        row_number() over (in_order) - 1 as n_before,
        sum(n_subscribers) over (in_order) - n_subscribers as n_people_before
    from members
    window
        in_order as (
            partition by group_hash, second_hash
            order by
                is_withheld desc, floor(log2(n_subscribers)) asc,
                xxhash64(table_cell, people_key) asc, table_cell asc
            rows between unbounded preceding and current row
        )

),

-- In one pass over the members, which are many: the member, its parent, or neither (null).
cells_to_withhold as (

    select
        explode(
            array(
                case
                    when
                        not is_withheld
                        and (
                            (
                                (is_parent_withheld or n_withheld > 0)
                                and not {{ has_min_group_size('n_people_before') }}
                            )
                            or (
                                relation_type = 'sum'
                                and not is_parent_withheld
                                and n_withheld > 0
                                and n_before < 2
                            )
                            -- A share of a whole tells how many the whole is.
                            or (tells_parent and is_parent_withheld)
                        )
                        then table_cell
                end,
                -- The only member is its parent under another name.
                case
                    when
                        relation_type = 'sum'
                        and n_members = 1
                        and is_withheld
                        and not is_parent_withheld
                        then parent_cell
                end
            )
        ) as table_cell
    from members_in_order

),

withheld as (

    select table_cell from withheld_so_far
    union all
    select table_cell from repairs
    union all
    select table_cell from dominated_cells
    union all
    select table_cell from cells_to_withhold

),

final as (

    select table_cell
    from withheld
    where table_cell is not null and {{ has_complementary_suppression() }}
    group by table_cell

)

select * from final
