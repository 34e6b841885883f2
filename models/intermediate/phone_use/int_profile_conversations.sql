-- Conversations by text, in the study and over its weeks. The calls and texts with one contact are
-- taken in order of time: a text begins a conversation if it is the first, if the previous record
-- is a call, or if an hour or more has passed since it. A call belongs to no conversation.

with

texts as (

    select * from {{ ref('int_profile_texts') }}

),

texts_compared as (

    select
        *,
        max(case when is_first_of_study then record_number end) over upto_here
            as first_number_of_study,
        max(case when is_first_of_week then record_number end) over upto_here
            as first_number_of_week,
        lag(case when is_sent then record_number end) ignore nulls over with_contact
            as sent_before_number
    from texts
    window
        with_contact as (
            partition by subscriber_id, split_id, counterpart_id
            order by event_at, cell_rank, interaction, direction, duration_s
        ),
        upto_here as (
            partition by subscriber_id, split_id, counterpart_id
            order by event_at, cell_rank, interaction, direction, duration_s
            rows between unbounded preceding and current row
        )

),

texts_by_period as (

    select
        *,
        explode(array(cast(null as date), week_start)) as period_start
    from texts_compared

),

texts_of_period as (

    select
        *,
        case when period_start is null then is_first_of_study else is_first_of_week end as is_first,
        case when period_start is null then first_number_of_study else first_number_of_week end
            as first_number
    from texts_by_period

),

responses as (

    select
        subscriber_id,
        key_id,
        split_id,
        is_first,
        is_sent,
        -- The first text that a subscriber sends in a conversation begun by the other.
        is_sent and not is_first and coalesce(sent_before_number < first_number, true)
            as is_first_response,
        -- An answer in the same second has no delay.
        is_sent and not is_first and previous_direction = 'in' and seconds_since > 0 as is_delay,
        seconds_since,
        period_start as week_start
    from texts_of_period

),

indicators as (

    select
        subscriber_id,
        key_id,
        split_id,
        coalesce(try_divide(count_if(is_first and is_sent), count_if(is_first)), 0)
            as percent_initiated_conversations,
        try_divide(count_if(is_first_response), count_if(is_first and not is_sent))
            as response_rate_text,
        avg(seconds_since) filter (where is_delay) as response_delay_text_mean,
        stddev_pop(seconds_since) filter (where is_delay) as response_delay_text_std,
        week_start
    from responses
    group by
        subscriber_id,
        key_id,
        split_id,
        week_start

),

final as (

    select
        subscriber_id,
        key_id,
        split_id,
        {{ over_weeks('percent_initiated_conversations') }},
        {{ over_weeks('response_rate_text') }},
        {{ over_weeks('response_delay_text_mean') }},
        {{ over_weeks('response_delay_text_std') }}
    from indicators
    group by
        subscriber_id,
        key_id,
        split_id

)

select * from final
