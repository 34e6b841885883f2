-- Where those who live in an area (in the reference period) were longest on a day, of those seen on
-- it. After an event a phone is taken to be in the area until its next event, for seven days at
-- most; midnight cuts, and the part after midnight counts for the day on which it lies. Of equal
-- times the smallest area id counts.

with

area_spells as (

    select * from {{ ref('int_area_spells') }}

),

areas_by_level as (

    select * from {{ ref('int_areas_by_level') }}

),

home_areas as (

    select * from {{ ref('int_home_areas') }}
    where period = 'reference'

),

spells_in_order as (

    select
        *,
        cast(event_date as timestamp) as day_starts_at,
        timestampadd(day, 1, cast(event_date as timestamp)) as day_ends_at,
        lag(area_id) over spells as area_before_id,
        lag(last_event_at) over spells as seen_before_at,
        lead(first_event_at) over spells as seen_next_at
    from area_spells
    window spells as (partition by subscriber_id order by event_date, spell_number)

),

-- From the first event of a spell to that of the next one, or to midnight. The first spell of a day
-- also shows where the phone was before, since midnight.
times as (

    select
        subscriber_id,
        event_date,
        area_id,
        timestampdiff(
            microsecond, first_event_at, least(coalesce(seen_next_at, day_ends_at), day_ends_at)
        ) as n_microseconds
    from spells_in_order

    union all

    select
        subscriber_id,
        event_date,
        area_before_id as area_id,
        timestampdiff(
            microsecond,
            day_starts_at,
            least(first_event_at, timestampadd(day, 7, seen_before_at))
        ) as n_microseconds
    from spells_in_order
    where
        spell_number = 1
        and timestampadd(day, 7, seen_before_at) > day_starts_at

),

times_by_level as (

    select
        times.subscriber_id,
        times.event_date,
        areas_by_level.area_level,
        areas_by_level.area_id,
        sum(times.n_microseconds) as n_microseconds
    from times
    inner join areas_by_level
        on times.area_id = areas_by_level.finest_area_id
    group by
        times.subscriber_id,
        times.event_date,
        areas_by_level.area_level,
        areas_by_level.area_id

),

times_ranked as (

    select
        *,
        n_microseconds / 3.6e9 as n_hours,
        row_number() over (
            partition by subscriber_id, event_date, area_level
            order by n_microseconds desc, area_id asc
        ) as time_rank
    from times_by_level

),

final as (

    select
        'day' as period,
        cast(longest.event_date as timestamp) as period_start,
        longest.area_level,
        home_areas.home_area_id,
        longest.area_id as day_area_id,
        count(*) as n_subscribers,
        sum({{ person_key('longest.subscriber_id') }}) as people_key,
        avg(longest.n_hours) as mean_hours,
        sum(longest.n_hours) as total_hours,
        max(longest.n_hours) as largest_hours,
        {{ second_largest('longest.n_hours') }} as second_largest_hours
    from times_ranked as longest
    inner join home_areas
        on
            longest.subscriber_id = home_areas.subscriber_id
            and longest.area_level = home_areas.area_level
    where longest.time_rank = 1
    group by
        longest.event_date,
        longest.area_level,
        home_areas.home_area_id,
        longest.area_id

)

select * from final
