-- Where do people work? Subscribers with a stay at their place of work in the study, by the area of
-- that stay. Reads protected tables and has no secondary suppression: for the analyst, not for
-- publication.

with

stays as (

    select * from {{ ref('int_labelled_stays') }}
    where label = 'work'

),

final as (

    select
        area_id,
        count(distinct subscriber_id) as n_subscribers
    from stays
    group by area_id
    having {{ has_min_group_size('count(distinct subscriber_id)') }}

)

select * from final
