-- How much the cells of one week differ from those of the next week with events: 1 - cosine of the
-- numbers of half hours at each cell, as mean and standard deviation over pairs of weeks.

with

half_hours as (

    select * from {{ ref('int_profile_half_hours') }}
    where part_of_day = 'allday'

),

cells as (

    select
        subscriber_id,
        key_id,
        cell_rank,
        sum(n_half_hours) as n_half_hours,
        week_start
    from half_hours
    group by
        subscriber_id,
        key_id,
        cell_rank,
        week_start

),

-- The weeks with events are numbered without gaps.
cells_by_week as (

    select
        *,
        dense_rank() over (partition by subscriber_id order by week_start) as week_number
    from cells

),

cells_compared as (

    select
        *,
        lag(n_half_hours) over (partition by subscriber_id, cell_rank order by week_number)
            as n_half_hours_before,
        lag(week_number) over (partition by subscriber_id, cell_rank order by week_number)
            as week_number_before
    from cells_by_week

),

weeks as (

    select
        subscriber_id,
        key_id,
        week_number,
        sum(n_half_hours * n_half_hours) as square,
        sum(
            case
                when week_number_before = week_number - 1 then n_half_hours * n_half_hours_before
                else 0
            end
        ) as product
    from cells_compared
    group by
        subscriber_id,
        key_id,
        week_number

),

distances as (

    select
        subscriber_id,
        key_id,
        1 - product / (
            sqrt(square)
            * sqrt(lag(square) over (partition by subscriber_id order by week_number))
        ) as distance
    from weeks

),

final as (

    select
        subscriber_id,
        key_id,
        avg(distance) as churn_rate_mean,
        stddev_pop(distance) as churn_rate_std
    from distances
    group by
        subscriber_id,
        key_id

)

select * from final
