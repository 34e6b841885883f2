{{ config(enabled=has_feed('indicators')) }}

-- Every figure of the indicator files: one row per entity and column, with the first reason in the
-- figure itself not to use it, if there is one.

with

indicators as (

    select * from {{ source('landing', 'indicators') }}

),

figures as (

    select
        source_file,
        is_malformed,
        {{ list_identifier('entity') }} as entity,
        explode(other_columns) as (file_column, figure_text)
    from indicators

),

trimmed as (

    select
        source_file,
        is_malformed,
        entity,
        lower(trim(file_column)) as name_in_file,
        {{ list_text('figure_text') }} as value_text
    from figures

),

parsed as (

    select
        *,
        {{ number_read('value_text') }} as indicator_value
    from trimmed

),

final as (

    select
        source_file,
        entity,
        name_in_file,
        indicator_value,
        case
            when is_malformed then 'malformed_row'
            when entity is null then 'missing_entity'
            when value_text is null then 'missing_value'
            -- Not a number and infinity are numbers to SQL.
            when
                coalesce(
                    isnan(indicator_value) or abs(indicator_value) = double('infinity'), true
                )
                then 'unparsable_value'
        end as reject_reason
    from parsed

)

select * from final
