-- The residents of an area by segment, and statistics over them of the indicators that segments are
-- made of.

with

subscribers as (

    select * from {{ ref('int_subscriber_segments') }}

),

home_areas as (

    select * from {{ ref('int_home_areas') }}
    where period = 'study'

),

indicators as (

    select
        subscriber_id,
        segment,
        {{ person_key('subscriber_id') }} as person_key,
        stack(
            8,
            'number_of_interactions', number_of_interactions,
            'number_of_contacts', number_of_contacts,
            'active_days', active_days,
            'percent_nocturnal', percent_nocturnal,
            'entropy_of_contacts', entropy_of_contacts,
            'number_of_antennas', number_of_antennas,
            'percent_at_home', percent_at_home,
            'radius_of_gyration', radius_of_gyration
        ) as (indicator, value)
    from subscribers

),

final as (

    select
        home_areas.period,
        home_areas.period_start,
        home_areas.area_level,
        home_areas.home_area_id as area_id,
        indicators.segment,
        indicators.indicator,
        count(*) as n_subscribers,
        sum(indicators.person_key) as people_key,
        count(indicators.value) as n_with_value,
        avg(indicators.value) as mean_value,
        count_if(indicators.value > 0) as n_nonzero,
        coalesce(sum(indicators.value), 0) as total_value,
        coalesce(sum(indicators.value * indicators.value), 0) as sum_of_squares,
        coalesce(max(indicators.value), 0) as largest_value,
        {{ second_largest('indicators.value') }} as second_largest_value
    from indicators
    inner join home_areas
        on indicators.subscriber_id = home_areas.subscriber_id
    group by
        home_areas.period,
        home_areas.period_start,
        home_areas.area_level,
        home_areas.home_area_id,
        indicators.segment,
        indicators.indicator

)

select * from final
