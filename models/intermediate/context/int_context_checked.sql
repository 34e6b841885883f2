{{ config(enabled=has_feed('context')) }}

-- Every row of the context files, accepted (reject_reason is null) or rejected, with a reason. Of
-- rows that are equal one is accepted; rows that contradict each other are all rejected, since
-- nobody knows which of them is right.

with

context as (

    select * from {{ ref('stg_landing__context') }}

),

areas as (

    select distinct
        area_id,
        area_level
    from {{ ref('int_areas') }}

),

placed as (

    select
        context.source_file,
        areas.area_level,
        context.area_id,
        context.series_name,
        context.period,
        context.first_date,
        context.series_value,
        case
            when context.reject_reason is not null then context.reject_reason
            when areas.area_id is null then 'unknown_area'
        end as reason_of_row
    from context
    left join areas
        on context.area_id = areas.area_id

),

copies_numbered as (

    select
        *,
        row_number() over (
            partition by area_id, series_name, period, first_date, series_value, reason_of_row
            order by source_file
        ) as copy_number,
        min(series_value) over (same_key) <> max(series_value) over (same_key) as is_contradicted
    from placed
    window same_key as (partition by area_id, series_name, period, first_date, reason_of_row)

),

final as (

    select
        source_file,
        area_level,
        area_id,
        series_name,
        period,
        first_date,
        series_value,
        case
            when reason_of_row is not null then reason_of_row
            when is_contradicted then 'contradictory'
            when copy_number > 1 then 'duplicate'
        end as reject_reason
    from copies_numbered

)

select * from final
