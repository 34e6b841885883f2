-- What else is known of areas: cases, prices, rain, closures, as it landed and was published last.
-- It says nothing of people in the study.

with

published as (

    select * from {{ source('released', 'context_series') }}

),

last_publication as (

    select max(published_at) as published_at from published

),

final as (

    select
        published.area_level,
        published.area_id,
        published.series_name,
        published.period,
        published.period_start,
        published.series_value
    from published
    inner join last_publication
        on published.published_at = last_publication.published_at

)

select * from final
