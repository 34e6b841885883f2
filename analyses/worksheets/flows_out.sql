-- Question: the area that emptied most, where did its people go?
--
-- How to read it: of the area with the largest loss during the event (against the days before it),
-- how many went on to each other area on an average day before and during the event, and their
-- share of all who were seen in the area. A share that rises is a direction people left in. A
-- share that falls with all others means that people stay, or were gone before the event.
--
-- Traps:
-- * Who goes to two areas on a day is in two rows: do not add up rows.
-- * Those who left for good go once. home_relocations.sql is about them.
-- * If one day of a pair is withheld, its mean is null, and n_..._withheld counts such days.
-- * An area with a withheld day cannot be the one that emptied most.

with

settings as (

    -- Change here. event_until is the first day after the event.
    select
        'admin1' as area_level,
        cast('2020-02-03' as timestamp) as before_from,
        cast('2020-03-02' as timestamp) as event_from,
        cast('2020-03-09' as timestamp) as event_until

),

areas as (

    select * from {{ ref('areas') }}
    where is_current

),

od_pairs as (

    select * from {{ ref('od_matrix_directed_all_pairs') }}
    where period = 'day'

),

pairs_by_phase as (

    select
        od_pairs.area_level,
        od_pairs.from_area_id,
        od_pairs.to_area_id,
        case when od_pairs.period_start < settings.event_from then od_pairs.n_subscribers end
            as before_subscribers,
        case when od_pairs.period_start >= settings.event_from then od_pairs.n_subscribers end
            as during_subscribers,
        case
            when od_pairs.is_suppressed and od_pairs.period_start < settings.event_from then 1
            else 0
        end as n_before_withheld,
        case
            when od_pairs.is_suppressed and od_pairs.period_start >= settings.event_from then 1
            else 0
        end as n_during_withheld
    from od_pairs
    cross join settings
    where
        od_pairs.area_level = settings.area_level
        and od_pairs.period_start >= settings.before_from
        and od_pairs.period_start < settings.event_until

),

pairs_compared as (

    select
        area_level,
        from_area_id,
        to_area_id,
        case when sum(n_before_withheld) = 0 then avg(before_subscribers) end as before_a_day,
        case when sum(n_during_withheld) = 0 then avg(during_subscribers) end as during_a_day,
        sum(n_before_withheld) as n_before_withheld,
        sum(n_during_withheld) as n_during_withheld
    from pairs_by_phase
    group by
        area_level,
        from_area_id,
        to_area_id

),

-- From an area to itself goes everybody who was there.
presence as (

    select
        from_area_id as area_id,
        before_a_day,
        during_a_day,
        (during_a_day - before_a_day) / nullif(before_a_day, 0) as relative_change
    from pairs_compared
    where from_area_id = to_area_id

),

presence_ranked as (

    select
        *,
        row_number() over (order by relative_change asc nulls last, area_id asc) as place
    from presence

),

emptied_most as (

    select * from presence_ranked
    where
        place = 1
        and relative_change < 0

),

final as (

    select
        pairs_compared.from_area_id,
        pairs_compared.to_area_id,
        areas.area_name as to_area_name,
        round(pairs_compared.before_a_day, 1) as before_a_day,
        round(pairs_compared.during_a_day, 1) as during_a_day,
        round(100 * pairs_compared.before_a_day / nullif(emptied_most.before_a_day, 0), 1)
            as before_share_percent,
        round(100 * pairs_compared.during_a_day / nullif(emptied_most.during_a_day, 0), 1)
            as during_share_percent,
        pairs_compared.n_before_withheld,
        pairs_compared.n_during_withheld
    from pairs_compared
    inner join emptied_most on pairs_compared.from_area_id = emptied_most.area_id
    left join areas
        on
            pairs_compared.area_level = areas.area_level
            and pairs_compared.to_area_id = areas.area_id
    where pairs_compared.from_area_id <> pairs_compared.to_area_id

)

select * from final
order by
    during_a_day desc nulls last,
    to_area_id asc
