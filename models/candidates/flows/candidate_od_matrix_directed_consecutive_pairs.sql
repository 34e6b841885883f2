{{ config(materialized='by_day', partition_by=['event_date']) }}

-- Subscribers with an event in `from` directly followed by one in `to`, that day. from = to is
-- included. Events at the same instant are ordered by cell_id. Pairs do not cross midnight.

with

area_spells as (

    select * from {{ ref('int_area_spells') }}

),

areas_by_level as (

    select * from {{ ref('int_areas_by_level') }}

),

spells_with_next as (

    select
        subscriber_id,
        event_date,
        area_id,
        n_events,
        lead(area_id) over (
            partition by subscriber_id, event_date
            order by spell_number
        ) as next_area_id
    from area_spells

),

-- Which event follows which does not depend on the area level, so it is computed once, at the
-- finest level; repeated hops of one person are removed before the levels are joined.
finest_pairs as (

    select
        subscriber_id,
        event_date,
        area_id,
        next_area_id
    from spells_with_next
    where next_area_id is not null

    union

    select
        subscriber_id,
        event_date,
        area_id,
        area_id as next_area_id
    from spells_with_next
    where n_events > 1

),

pairs as (

    select
        finest_pairs.subscriber_id,
        finest_pairs.event_date,
        origin.area_level,
        origin.area_id as from_area_id,
        destination.area_id as to_area_id
    from finest_pairs
    inner join areas_by_level as origin
        on finest_pairs.area_id = origin.finest_area_id
    inner join areas_by_level as destination
        on
            finest_pairs.next_area_id = destination.finest_area_id
            and origin.area_level = destination.area_level
    group by
        finest_pairs.subscriber_id,
        finest_pairs.event_date,
        origin.area_level,
        origin.area_id,
        destination.area_id

),

final as (

    select
        'day' as period,
        cast(event_date as timestamp) as period_start,
        area_level,
        from_area_id,
        to_area_id,
        count(*) as n_subscribers,
        sum({{ person_key('subscriber_id') }}) as people_key,
        event_date
    from pairs
    group by
        event_date,
        area_level,
        from_area_id,
        to_area_id

)

select * from final
