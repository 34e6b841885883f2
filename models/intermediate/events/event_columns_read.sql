{{ config(meta={'is_check': true}, post_hook="{{ stop_where_unusable(this) }}") }}

-- How much of each column of the event files could be used. A value is unusable where it says
-- something that could not be read, or names no cell of the list. Of subscriber and time a missing
-- value is unusable too, because the row is rejected for it; as `row` count the malformed rows. The
-- post-hook stops the build where less than min_usable_share of a column is usable.

with

events as (

    select * from {{ ref('int_events_checked') }}

),

-- Rows that are alike in what could be read are counted first: they are few.
rows_alike as (

    select
        source_file,
        reject_reason,
        unread_values,
        case
            when reject_reason in ('rounded_subscriber', 'unparsable_time')
                then {{ shape_of('rejected_value') }}
        end as rejected_shape,
        unplaced_reason,
        {{ shape_of('unplaced_cell') }} as cell_shape,
        cell_id is not null as has_cell_id,
        event_type is not null as has_event_type,
        direction is not null as has_direction,
        counterpart_id is not null as has_counterpart_id,
        duration_s is not null as has_duration_s,
        volume_mb is not null as has_volume_mb,
        count(*) as n_rows
    from events
    group by
        source_file,
        reject_reason,
        unread_values,
        rejected_shape,
        unplaced_reason,
        cell_shape,
        has_cell_id,
        has_event_type,
        has_direction,
        has_counterpart_id,
        has_duration_s,
        has_volume_mb

),

columns_of_rows as (

    select
        source_file,
        n_rows,
        stack(
            9,
            'row', true, reject_reason = 'malformed_row', null,
            'subscriber_id', reject_reason is distinct from 'malformed_row',
            reject_reason in ('missing_subscriber', 'rounded_subscriber'), rejected_shape,
            'event_at', coalesce(reject_reason, '') not in (
                'malformed_row', 'missing_subscriber', 'rounded_subscriber'
            ),
            reject_reason in ('missing_time', 'unparsable_time'), rejected_shape,
            'cell_id', has_cell_id or unplaced_reason = 'unknown_cell',
            unplaced_reason = 'unknown_cell', cell_shape,
            {{ unread_column('event_type') }},
            {{ unread_column('direction') }},
            {{ unread_column('counterpart_id') }},
            {{ unread_column('duration_s') }},
            {{ unread_column('volume_mb') }}
        ) as (column_name, is_given, is_unusable, example)
    from rows_alike

),

examples_ranked as (

    select
        source_file,
        column_name,
        example,
        sum(case when is_given then n_rows else 0 end) as n_given,
        sum(case when is_unusable then n_rows else 0 end) as n_unusable
    from columns_of_rows
    group by
        source_file,
        column_name,
        example

),

final as (

    select
        source_file,
        column_name,
        sum(n_given) as n_given,
        sum(n_unusable) as n_unusable,
        -- The shape of most of what could not be used.
        max_by(example, struct(n_unusable, example)) filter (where n_unusable > 0) as example
    from examples_ranked
    group by
        source_file,
        column_name

)

select * from final
