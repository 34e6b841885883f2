{{ config(meta={'retention': 'none'}) }}

-- Every indicator and split for which profile_summary has a row, whether or not anybody has a
-- value: the presence of a row reveals nothing. Indicators that are not about calls or texts have
-- the interaction any.

with

indicators as (

    select * from {{ ref('profile_indicators') }}

),

splits as (

    select
        split_id,
        coalesce(interaction, 'any') as interaction,
        part_of_week,
        part_of_day
    from {{ ref('profile_splits') }}

),

final as (

    select
        cast(
            row_number() over (order by indicators.indicator asc, splits.split_id asc) as int
        ) as indicator_split_id,
        indicators.indicator,
        indicators.statistic,
        -- Interactions in and out add up to all of them, so they are published together.
        case
            when indicators.indicator like 'number\\_of\\_interaction%'
                then 'number_of_interactions'
            else indicators.indicator
        end as family,
        splits.interaction,
        splits.part_of_week,
        splits.part_of_day,
        -- The dimensions by which the split is divided: the splits of one such table are published
        -- together.
        concat_ws(
            ' and ',
            case when splits.interaction in ('call', 'text') then 'interaction' end,
            case when splits.part_of_week <> 'allweek' then 'week' end,
            case when splits.part_of_day <> 'allday' then 'day' end
        ) as split_by
    from indicators
    inner join splits
        on
            (
                indicators.splits = splits.interaction
                or (indicators.splits = 'each' and splits.interaction <> 'any')
            )
            and (
                indicators.has_parts
                or (splits.part_of_week = 'allweek' and splits.part_of_day = 'allday')
            )

)

select * from final
