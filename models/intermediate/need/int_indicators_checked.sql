{{ config(enabled=has_feed('indicators')) }}

-- Every figure of the indicator files, accepted (reject_reason is null) or rejected, with a reason.
-- Of figures that are equal one is accepted; figures that contradict each other are all rejected,
-- since nobody knows which of them is right.

with

indicators as (

    select * from {{ ref('stg_landing__indicators') }}

),

indicator_names as (

    select * from {{ ref('indicator_names') }}

),

named as (

    select
        indicators.source_file,
        indicators.entity,
        indicators.name_in_file,
        indicator_names.indicator,
        indicator_names.is_higher_worse,
        indicators.indicator_value,
        case
            when indicators.reject_reason in ('malformed_row', 'missing_entity')
                then indicators.reject_reason
            when indicator_names.indicator is null then 'unknown_indicator'
            else indicators.reject_reason
        end as reason_of_figure
    from indicators
    left join indicator_names
        on indicators.name_in_file = indicator_names.name_in_file

),

copies_numbered as (

    select
        *,
        row_number() over (
            partition by entity, indicator, indicator_value, reason_of_figure
            order by
                source_file,
                name_in_file
        ) as copy_number,
        min(indicator_value) over (same_key) <> max(indicator_value) over (same_key)
            as is_contradicted
    from named
    window same_key as (partition by entity, indicator, reason_of_figure)

),

final as (

    select
        source_file,
        entity,
        name_in_file,
        indicator,
        is_higher_worse,
        indicator_value,
        case
            when reason_of_figure is not null then reason_of_figure
            when is_contradicted then 'contradictory'
            when copy_number > 1 then 'duplicate'
        end as reject_reason
    from copies_numbered

)

select * from final
