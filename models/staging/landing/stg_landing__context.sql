{{ config(enabled=has_feed('context')) }}

-- Every row of the context files, read and trimmed, with the first reason in the row itself to
-- reject it, if there is one. A date is a day or an ISO week, 2020-W06, which begins on its Monday.

with

context as (

    select * from {{ source('landing', 'context') }}

),

trimmed as (

    select
        source_file,
        is_malformed,
        {{ list_identifier('area_id') }} as area_id,
        nullif(trim(name), '') as series_name,
        {{ list_text('date') }} as date_text,
        {{ list_text('value') }} as value_text
    from context

),

parsed as (

    select
        *,
        upper(date_text) rlike '^[0-9]{4}-?W[0-9]{2}$' as is_week,
        case
            when date_text rlike '^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]00:00(:00([.]0+)?)?)?$'
                then try_cast(left(date_text, 10) as date)
        end as date_of_day,
        -- The fourth of January is in the first week of its year.
        case
            when upper(date_text) rlike '^[0-9]{4}-?W[0-9]{2}$'
                then date_add(
                    cast(date_trunc('week', make_date(int(left(date_text, 4)), 1, 4)) as date),
                    7 * (int(right(date_text, 2)) - 1)
                )
        end as monday,
        {{ number_read('value_text') }} as series_value
    from trimmed

),

dated as (

    select
        *,
        case
            when not is_week then date_of_day
            when weekofyear(monday) = int(right(date_text, 2)) then monday
        end as first_date
    from parsed

),

final as (

    select
        source_file,
        area_id,
        series_name,
        case when is_week then 'week' else 'day' end as period,
        first_date,
        series_value,
        case
            when is_malformed then 'malformed_row'
            when area_id is null then 'missing_area'
            when date_text is null then 'missing_date'
            when first_date is null then 'unparsable_date'
            when series_name is null then 'missing_name'
            when value_text is null then 'missing_value'
            -- Not a number and infinity are numbers to SQL.
            when coalesce(isnan(series_value) or abs(series_value) = double('infinity'), true)
                then 'unparsable_value'
        end as reject_reason
    from dated

)

select * from final
