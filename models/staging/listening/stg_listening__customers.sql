{{ config(enabled=has_feed('listening')) }}

-- Every row of the customer list, trimmed and pseudonymised, with the first reason in the row
-- itself to reject it. Name and Address stay in the files: no statistic uses them. The list has no
-- dates, so its pseudonyms are under the key of the study, as those of the events.

with

customers as (

    select * from {{ source('landing', 'customers') }}

),

trimmed as (

    select
        source_file,
        is_malformed,
        {{ identifier('customer_id') }} as customer_id,
        {{ code_read('trim(gender)') }} as gender_code,
        {{ code_read('trim(status)') }} as status_code,
        {{ code_read('trim(level)') }} as level_code,
        {{ code_read('trim(campaign)') }} as campaign_code,
        {{ code_read('trim(linked_apps)') }} as linked_apps_code,
        cast(try_to_timestamp(trim(sign_date), 'MM/dd/yyyy') as date) as sign_date
    from customers

),

checked as (

    select
        *,
        case
            when is_malformed then 'malformed_row'
            when customer_id is null then 'missing_customer'
        end as reject_reason
    from trimmed

),

dated as (

    select
        *,
        case when reject_reason is null then {{ study_date() }} end as study_date
    from checked

),

final as (

    select
        source_file,
        {{ pseudonym('customer_id', 'study_date') }} as customer_id,
        {{ key_id('study_date') }} as key_id,
        gender_code,
        status_code,
        level_code,
        campaign_code,
        linked_apps_code,
        sign_date,
        reject_reason
    from dated

)

select * from final
