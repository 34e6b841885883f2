-- Where may travellers have brought an illness, and how long after do cases come? For each area and
-- day, the infectious travellers that are to be expected: over all other areas, the share of their
-- people who are cases, times those who came from there. Cases are a daily series of context named
-- in settings. The answer has one row per lag: whether the areas at most risk on a day are those
-- with most cases so many days later, as the correlation of their ranks on each day. An epidemic
-- that grows everywhere does not count by that.
--
-- Traps:
-- * Pairs of areas that are withheld add nothing, so the risk of areas with few travellers is too
--   low. n_pairs_withheld says how many are.
-- * Cases of today bring cases of tomorrow in the area itself, with or without travellers: look at
--   the beginning of an epidemic.
-- * The lag at which both go together most is no proof that one comes of the other.

with

settings as (

    -- Change here.
    select
        'admin2' as area_level,
        'cases' as series_name

),

lags as (

    select explode(sequence(0, 14)) as lag_days

),

areas as (

    select * from {{ ref('areas') }}
    where is_current

),

cases as (

    select context_series.*
    from {{ ref('context_series') }} as context_series
    inner join settings
        on
            context_series.area_level = settings.area_level
            and context_series.series_name = settings.series_name
    where context_series.period = 'day'

),

travellers as (

    select od_matrix.*
    from {{ ref('od_matrix_directed_all_pairs_estimated') }} as od_matrix
    inner join settings
        on od_matrix.area_level = settings.area_level

),

risks as (

    select
        travellers.period_start,
        travellers.to_area_id as area_id,
        sum(travellers.people_estimated * cases.series_value / areas.population) as risk,
        count_if(travellers.is_suppressed) as n_pairs_withheld
    from travellers
    inner join cases
        on
            travellers.period_start = cases.period_start
            and travellers.from_area_id = cases.area_id
    inner join areas
        on
            travellers.area_level = areas.area_level
            and travellers.from_area_id = areas.area_id
    group by
        travellers.period_start,
        travellers.to_area_id

),

compared as (

    select
        lags.lag_days,
        risks.n_pairs_withheld,
        rank() over (partition by lags.lag_days, risks.period_start order by risks.risk)
            as risk_rank,
        rank() over (partition by lags.lag_days, risks.period_start order by cases.series_value)
            as cases_rank
    from risks
    cross join lags
    inner join cases
        on
            risks.area_id = cases.area_id
            and cases.period_start = timestampadd(day, lags.lag_days, risks.period_start)

),

final as (

    select
        lag_days,
        count(*) as n_areas_and_days,
        round(corr(risk_rank, cases_rank), 4) as rank_correlation,
        sum(n_pairs_withheld) as n_pairs_withheld
    from compared
    group by lag_days

)

select * from final
