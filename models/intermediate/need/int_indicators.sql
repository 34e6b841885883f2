{{ config(enabled=has_feed('indicators')) }}

-- What is published of the indicator files: each entity with each indicator, null where no figure
-- of it was accepted.

with

indicators as (

    select * from {{ ref('int_indicators_checked') }}

),

entities as (

    select distinct entity
    from indicators
    where entity is not null

),

accepted as (

    select * from indicators
    where reject_reason is null

),

measured as (

    select distinct
        indicator,
        is_higher_worse
    from accepted

),

final as (

    select
        entities.entity,
        measured.indicator,
        measured.is_higher_worse,
        accepted.indicator_value
    from entities
    cross join measured
    left join accepted
        on
            entities.entity = accepted.entity
            and measured.indicator = accepted.indicator

)

select * from final
