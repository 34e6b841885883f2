{{ config(enabled=has_feed('indicators')) }}

-- The figures of each entity as they landed and were published last, and how great a need each
-- shows. Of entities, such as countries, not of people. An entity without half of its figures is
-- not ranked, and moves no number of the others. docs/definitions.md (Need).

with

published as (

    select * from {{ source('released', 'indicators') }}

),

last_publication as (

    select max(published_at) as published_at from published

),

landed as (

    select
        published.*,
        2 * count(published.indicator_value) over (partition by published.entity)
        >= count(*) over (partition by published.entity) as is_ranked,
        case '{{ var('need_scaling') }}'
            -- Figures may be 0 or below, which have no logarithm.
            when 'log_min_max'
                then signum(published.indicator_value) * ln(1 + abs(published.indicator_value))
            else published.indicator_value
        end as measure
    from published
    inner join last_publication
        on published.published_at = last_publication.published_at

),

quartiles as (

    select
        indicator,
        percentile(measure, 0.25) as first_quartile,
        percentile(measure, 0.5) as median,
        percentile(measure, 0.75) as third_quartile,
        {{ var('need_outlier_reach') }} * (percentile(measure, 0.75) - percentile(measure, 0.25))
            as reach
    from landed
    where is_ranked
    group by indicator

),

-- A figure that is missing is the median, one that is far out is brought back. Where half of all
-- figures are the same, whatever differs would be far out: these stay as they are.
completed as (

    select
        landed.*,
        case
            when not landed.is_ranked then null
            when landed.measure is null then quartiles.median
            when quartiles.reach > 0
                then least(
                    greatest(landed.measure, quartiles.first_quartile - quartiles.reach),
                    quartiles.third_quartile + quartiles.reach
                )
            else landed.measure
        end as measure_used
    from landed
    left join quartiles
        on landed.indicator = quartiles.indicator

),

ranges as (

    select
        *,
        min(measure_used) over (partition by indicator) as least_measure,
        max(measure_used) over (partition by indicator) as greatest_measure,
        avg(measure_used) over (partition by indicator) as mean_measure,
        stddev_pop(measure_used) over (partition by indicator) as deviation
    from completed

),

-- Where all have the same figure, nobody has more than others.
scaled as (

    select
        *,
        case
            when measure_used is null then null
            when '{{ var('need_scaling') }}' = 'z_score'
                then coalesce((measure_used - mean_measure) / nullif(deviation, 0), 0)
            else
                coalesce(
                    (measure_used - least_measure) / nullif(greatest_measure - least_measure, 0),
                    0.5
                )
        end as value_scaled
    from ranges

),

final as (

    select
        entity,
        indicator,
        is_higher_worse,
        indicator_value,
        is_ranked,
        indicator_value is null as is_missing,
        coalesce(measure <> measure_used, false) as is_outlier,
        cast(value_scaled as double) as value_scaled,
        cast(
            case
                when is_higher_worse then value_scaled
                when '{{ var('need_scaling') }}' = 'z_score' then -value_scaled
                else 1 - value_scaled
            end as double
        ) as need
    from scaled

)

select * from final
