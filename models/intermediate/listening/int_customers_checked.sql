{{ config(
    enabled=has_feed('listening'),
    post_hook="""{{ stop_where_codes_unknown(
        ref('stg_listening__customers'), ref('customer_codes')
    ) }}"""
) }}

-- Every row of the customer list, accepted (reject_reason is null) or rejected, with its codes
-- decoded. Of several rows of a customer, the one in the file with the greatest name counts: a
-- newer list corrects an older one.

with

customers as (

    select * from {{ ref('stg_listening__customers') }}

),

codes as (

    select * from {{ ref('customer_codes') }}

),

customers_numbered as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by
                source_file desc,
                gender_code asc,
                status_code asc,
                level_code asc,
                campaign_code asc,
                linked_apps_code asc,
                sign_date asc
        ) as row_number_of_customer
    from customers

),

final as (

    select
        customers_numbered.source_file,
        customers_numbered.customer_id,
        customers_numbered.key_id,
        coalesce(genders.meaning, 'unknown') as gender,
        coalesce(statuses.meaning, 'unknown') as status,
        coalesce(levels.meaning, 'unknown') as level,  -- noqa: RF04
        coalesce(campaigns.meaning, 'unknown') as campaign,
        coalesce(linked_apps.meaning, 'unknown') as linked_apps,
        case
            when customers_numbered.reject_reason is not null then customers_numbered.reject_reason
            when customers_numbered.row_number_of_customer > 1 then 'duplicate_customer'
        end as reject_reason
    from customers_numbered
    left join codes as genders
        on
            genders.attribute = 'gender'
            and customers_numbered.gender_code = genders.code
    left join codes as statuses
        on
            statuses.attribute = 'status'
            and customers_numbered.status_code = statuses.code
    left join codes as levels
        on
            levels.attribute = 'level'
            and customers_numbered.level_code = levels.code
    left join codes as campaigns
        on
            campaigns.attribute = 'campaign'
            and customers_numbered.campaign_code = campaigns.code
    left join codes as linked_apps
        on
            linked_apps.attribute = 'linked_apps'
            and customers_numbered.linked_apps_code = linked_apps.code

)

select * from final
