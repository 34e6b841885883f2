-- How many subscribers left each area for another, and how many came, as far as it is published:
-- sums over the published pairs of a day. A subscriber who went to two areas counts twice.

with

pairs as (

    select * from {{ ref('od_matrix_directed_consecutive_pairs') }}
    where from_area_id <> to_area_id

),

departures as (

    select
        period_start,
        area_level,
        from_area_id as area_id,
        sum(n_subscribers) as n_departures,
        count_if(is_suppressed) as n_pairs_withheld
    from pairs
    group by
        period_start,
        area_level,
        from_area_id

),

arrivals as (

    select
        period_start,
        area_level,
        to_area_id as area_id,
        sum(n_subscribers) as n_arrivals
    from pairs
    group by
        period_start,
        area_level,
        to_area_id

),

final as (

    select
        departures.period_start,
        departures.area_level,
        departures.area_id,
        departures.n_departures,
        arrivals.n_arrivals,
        departures.n_pairs_withheld
    from departures
    inner join arrivals
        on
            departures.period_start = arrivals.period_start
            and departures.area_level = arrivals.area_level
            and departures.area_id = arrivals.area_id

)

select * from final
