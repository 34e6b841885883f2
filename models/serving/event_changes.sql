-- People in an area before, during and after each event that the var study_events names, against
-- the same weekdays of the baseline. Before and after are as many days as the event has. Of
-- published numbers only, so it says nothing that count_subscribers does not say.

with

changes as (

    select * from {{ ref('count_subscribers_change') }}

),

study_events as (

    {{ study_events() | indent }}

),

phases as (

    select
        event_name,
        area_ids,
        stack(
            3,
            'before', date_sub(first_date, n_days), date_sub(first_date, 1),
            'during', first_date, last_date,
            'after', date_add(last_date, 1), date_add(last_date, n_days)
        ) as (phase, first_date, last_date)
    from study_events

),

-- Days of a missing delivery and of an outage say nothing of people.
days as (

    select
        phases.event_name,
        phases.phase,
        phases.first_date,
        phases.last_date,
        changes.*,
        changes.is_complete and not changes.is_outage as is_known
    from phases
    inner join changes
        on
            cast(changes.period_start as date) between phases.first_date and phases.last_date
            and (
                phases.area_ids is null
                or array_contains(phases.area_ids, changes.area_id)
            )

),

areas_summed as (

    select
        event_name,
        phase,
        first_date,
        last_date,
        area_level,
        area_id,
        count(*) as n_days,
        count_if(is_known) as n_days_compared,
        count_if(is_known) = 0 or count_if(is_known and is_suppressed) > 0 as is_suppressed,
        avg(case when is_known then n_subscribers end) as mean_subscribers,
        avg(case when is_known then baseline_median end) as usual_subscribers
    from days
    group by
        event_name,
        phase,
        first_date,
        last_date,
        area_level,
        area_id

),

areas_compared as (

    select
        *,
        case
            when not is_suppressed and usual_subscribers > 0
                then round(100 * (mean_subscribers - usual_subscribers) / usual_subscribers, 1)
        end as change_percent
    from areas_summed

),

final as (

    select
        event_name,
        phase,
        first_date,
        last_date,
        area_level,
        area_id,
        n_days,
        n_days_compared,
        case when not is_suppressed then round(mean_subscribers, 1) end as mean_subscribers,
        case when not is_suppressed then round(usual_subscribers, 1) end as usual_subscribers,
        change_percent,
        case
            when change_percent is not null
                then rank() over (
                    partition by event_name, phase, area_level
                    order by abs(change_percent) desc nulls last, area_id asc
                )
        end as change_rank,
        is_suppressed
    from areas_compared

)

select * from final
