-- How crowded an area is in an hour, against the same hour of the same weekday of the baseline. Of
-- published numbers and the sizes of areas only, so it says nothing that count_subscribers does not
-- say.

with

changes as (

    {{ change_from_baseline(
        ref('count_subscribers'), 'hour', ['area_id'], areas=['area_id'], number='n_subscribers'
    ) | indent }}

),

areas as (

    select * from {{ ref('areas') }}
    where is_current

),

final as (

    select
        changes.period,
        changes.period_start,
        changes.area_level,
        changes.area_id,
        changes.is_baseline,
        changes.n_baseline,
        changes.n_subscribers,
        changes.baseline_median,
        round(changes.n_subscribers / areas.area_km2, 2) as subscribers_per_km2,
        round(changes.baseline_median / areas.area_km2, 2) as usual_subscribers_per_km2,
        round(try_divide(changes.n_subscribers, changes.baseline_median), 2) as ratio_to_usual,
        changes.is_outage,
        changes.is_suppressed,
        changes.is_complete
    from changes
    left join areas
        on
            changes.area_level = areas.area_level
            and changes.area_id = areas.area_id

)

select * from final
