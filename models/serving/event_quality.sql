-- Whether more or fewer people and events came in on a day than on the days before. Of published
-- numbers only, so it says nothing that total_subscribers and count_events do not say.

with

total_subscribers as (

    select * from {{ ref('total_subscribers') }}
    where period = 'day'

),

count_events as (

    select * from {{ ref('count_events') }}
    where period = 'day'

),

events_by_level as (

    select
        period_start,
        area_level,
        sum(n_events) as n_events,
        count(*) as n_areas
    from count_events
    group by
        period_start,
        area_level
    having not bool_or(is_suppressed)

),

-- Every level adds up to the same, but for options that blur: the fewer areas, the less of that.
levels_ranked as (

    select
        *,
        row_number() over (
            partition by period_start
            order by n_areas asc, area_level asc
        ) as level_rank
    from events_by_level

),

days as (

    select
        total_subscribers.period,
        total_subscribers.period_start,
        total_subscribers.n_subscribers,
        total_subscribers.is_suppressed,
        levels_ranked.n_events
    from total_subscribers
    left join levels_ranked
        on
            total_subscribers.period_start = levels_ranked.period_start
            and levels_ranked.level_rank = 1

),

days_before as (

    select
        *,
        collect_list(n_subscribers) over (four_weeks) as subscribers_before,
        collect_list(n_events) over (four_weeks) as events_before
    from days
    window four_weeks as (
        order by datediff(period_start, date '1970-01-01')
        range between 28 preceding and 1 preceding
    )

),

medians as (

    select
        *,
        {{ median_of('subscribers_before') }} as usual_subscribers,
        {{ median_of('events_before') }} as usual_events
    from days_before

),

deviations as (

    select
        *,
        {{ mad_of('subscribers_before', 'usual_subscribers') }} as subscribers_mad,
        {{ mad_of('events_before', 'usual_events') }} as events_mad
    from medians

),

final as (

    select
        period,
        period_start,
        n_subscribers,
        usual_subscribers,
        subscribers_mad,
        n_events,
        usual_events,
        events_mad,
        {{ is_unusual(
            'n_subscribers', 'size(subscribers_before)', 'usual_subscribers', 'subscribers_mad',
            '0.2 * usual_subscribers'
        ) }}
        or coalesce(
            {{ is_unusual(
                'n_events', 'size(events_before)', 'usual_events', 'events_mad',
                '0.2 * usual_events'
            ) }},
            false
        ) as is_unusual,
        is_suppressed
    from deviations

)

select * from final
