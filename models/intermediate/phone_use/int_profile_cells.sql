-- How many cells a subscriber uses, how half hours are spread over them, and which share of half
-- hours is at home, in the study and over its weeks.

with

place_splits as (

    select * from {{ ref('int_profile_place_splits') }}

),

homes as (

    select * from {{ ref('int_profile_homes') }}

),

cells as (

    select
        subscriber_id,
        key_id,
        split_id,
        cell_rank,
        sum(n_half_hours) as n_half_hours,
        week_start
    from place_splits
    group by
        subscriber_id,
        key_id,
        split_id,
        cell_rank,
        week_start

),

cells_summed as (

    select
        cells.*,
        homes.home_cell_rank,
        sum(cells.n_half_hours) over (
            partition by cells.subscriber_id, cells.split_id, cells.week_start
        ) as n_half_hours_all,
        sum(cells.n_half_hours) over (
            partition by cells.subscriber_id, cells.split_id, cells.week_start
            order by cells.n_half_hours desc, cells.cell_rank asc
            rows between unbounded preceding and current row
        ) - cells.n_half_hours as n_half_hours_before
    from cells
    left join homes
        on cells.subscriber_id = homes.subscriber_id

),

indicators as (

    select
        subscriber_id,
        key_id,
        split_id,
        count(*) as number_of_antennas,
        -sum(n_half_hours / n_half_hours_all * ln(n_half_hours / n_half_hours_all))
            as entropy_of_antennas,
        -- Null for a subscriber without an event at night: there is no home.
        case
            when count(home_cell_rank) > 0
                then
                    sum(case when cell_rank = home_cell_rank then n_half_hours else 0 end)
                    / sum(n_half_hours)
        end as percent_at_home,
        -- The fewest cells that make up four fifths of the half hours.
        count_if(n_half_hours_before < ceil(n_half_hours_all * 0.8D)) as frequent_antennas,
        week_start
    from cells_summed
    group by
        subscriber_id,
        key_id,
        split_id,
        week_start

),

final as (

    select
        subscriber_id,
        key_id,
        split_id,
        {{ over_weeks('number_of_antennas') }},
        {{ over_weeks('entropy_of_antennas') }},
        {{ over_weeks('percent_at_home') }},
        {{ over_weeks('frequent_antennas') }}
    from indicators
    group by
        subscriber_id,
        key_id,
        split_id

)

select * from final
