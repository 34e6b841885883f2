-- How many people went from one area to another on a day, with an interval of 90 %. They stand for
-- as many as those who were in the two areas do. Of published numbers only; docs/definitions.md
-- (People) has the formulas.

with

od_matrix as (

    select * from {{ ref('od_matrix_directed_all_pairs') }}
    where from_area_id <> to_area_id

),

estimated as (

    select * from {{ ref('count_subscribers_estimated') }}

),

factors as (

    select * from {{ ref('scaling_factors_of_periods') }}

),

presence as (

    select
        estimated.*,
        factors.people_per_subscriber as people_per_resident
    from estimated
    inner join factors
        on
            estimated.period = factors.period
            and estimated.period_start = factors.period_start
            and estimated.area_level = factors.area_level
            and estimated.area_id = factors.area_id

),

-- Whether they live in the one or the other is not known.
scaled as (

    select
        od_matrix.*,
        (origin.people_per_subscriber + destination.people_per_subscriber) / 2
            as people_per_subscriber,
        abs(origin.people_per_resident - destination.people_per_resident) / 2
            as half_of_difference
    from od_matrix
    left join presence as origin
        on
            od_matrix.period_start = origin.period_start
            and od_matrix.area_level = origin.area_level
            and od_matrix.from_area_id = origin.area_id
    left join presence as destination
        on
            od_matrix.period_start = destination.period_start
            and od_matrix.area_level = destination.area_level
            and od_matrix.to_area_id = destination.area_id

),

scaled_with_variance as (

    select
        *,
        n_subscribers * people_per_subscriber as people,
        n_subscribers * people_per_subscriber * greatest(people_per_subscriber - 1, 0)
        + power(n_subscribers * half_of_difference, 2) as variance
    from scaled

),

final as (

    select
        period,
        period_start,
        area_level,
        from_area_id,
        to_area_id,
        n_subscribers,
        round(people_per_subscriber, 4) as people_per_subscriber,
        {{ people_estimated('people', 'variance') | indent(8) }},
        people is null as is_suppressed,
        is_complete
    from scaled_with_variance

)

select * from final
