-- How series of days of an area go together, earlier and later: people in it with people in another
-- area of its level, and with each series of context of its own. Of published numbers only;
-- docs/definitions.md (Correlation).

with

series_adjusted as (

    select * from {{ ref('series_adjusted') }}

),

study as (

    select sequence(cast(min(period_start) as date), cast(max(period_start) as date)) as all_days
    from series_adjusted
    where series_name = 'count_subscribers'

),

values_by_day as (

    select
        area_level,
        area_id,
        series_name,
        map_from_entries(
            collect_list(struct(cast(period_start as date) as series_day, value_adjusted))
        ) as values_of_days
    from series_adjusted
    group by
        area_level,
        area_id,
        series_name

),

-- Each series has the same days; null where it has none.
series as (

    select
        values_by_day.*,
        transform(study.all_days, x -> values_by_day.values_of_days[x]) as numbers
    from values_by_day
    cross join study

),

pairs as (

    select
        one.area_level,
        one.area_id,
        one.series_name,
        other.area_id as other_area_id,
        other.series_name as other_series_name,
        inline({{ correlations_of('one.numbers', 'other.numbers') }})
    from series as one
    inner join series as other
        on one.area_level = other.area_level
    where
        one.series_name = 'count_subscribers'
        and case
            when other.series_name = 'count_subscribers' then one.area_id < other.area_id
            else one.area_id = other.area_id
        end

),

-- Of a hundred comparisons of series that have nothing to do with each other five have a p value
-- below 0.05. Benjamini and Hochberg (1995): the share of such among all that are as small.
ranked as (

    select
        *,
        rank() over (
            partition by area_level, series_name, other_series_name
            order by p_value
        ) as p_rank,
        count(*) over (partition by area_level, series_name, other_series_name) as n_comparisons
    from pairs

),

corrected as (

    select
        *,
        min(least(p_value * n_comparisons / p_rank, 1)) over (
            partition by area_level, series_name, other_series_name
            order by p_value desc
            range between unbounded preceding and current row
        ) as p_value_corrected
    from ranked

),

final as (

    select
        area_level,
        area_id,
        series_name,
        other_area_id,
        other_series_name,
        lag_days,
        n_days,
        round(pearson, 4) as pearson,
        round(spearman, 4) as spearman,
        p_value,
        p_value_corrected,
        n_comparisons
    from corrected

)

select * from final
