{{ config(meta={'retention': 'none'}) }}

-- The splits in which a call or text counts, by its class: two values each for interaction, part of
-- the week and part of the day (macros/phone_use/event_class.sql). wider_by names the split among
-- those of a class: the sum of 1 where it takes calls and texts together, 2 where it takes the
-- whole week, and 4 where it takes the whole day.

with

splits as (

    select * from {{ ref('profile_splits') }}
    where interaction is not null

),

classes as (

    select
        interaction,
        part_of_week,
        part_of_day,
        {{ event_class('interaction', 'part_of_week', 'part_of_day') }} as event_class
    from splits
    where interaction <> 'callandtext' and part_of_week <> 'allweek' and part_of_day <> 'allday'

),

final as (

    select
        classes.event_class,
        cast(splits.interaction = 'callandtext' as int)
        + 2 * cast(splits.part_of_week = 'allweek' as int)
        + 4 * cast(splits.part_of_day = 'allday' as int) as wider_by,
        splits.split_id,
        splits.interaction
    from classes
    inner join splits
        on
            splits.interaction in (classes.interaction, 'callandtext')
            and splits.part_of_week in (classes.part_of_week, 'allweek')
            and splits.part_of_day in (classes.part_of_day, 'allday')

)

select * from final
