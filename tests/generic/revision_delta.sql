{# No two publications of a table cell differ by fewer people than the minimum group size: a reader
   who has both could work these out. The same people may be published again, with the same
   numbers. #}
{% test revision_delta(model) %}

with

publications as (

    select
        mart,
        period,
        period_start,
        release_id
    from {{ model }}
    group by
        mart,
        period,
        period_start,
        release_id

),

successions as (

    select
        *,
        lead(release_id) over (
            partition by mart, period, period_start
            order by release_id
        ) as next_release_id
    from publications

),

cells_before as (

    select
        successions.release_id,
        successions.next_release_id,
        cells.table_cell,
        cells.n_subscribers,
        cells.other_measures,
        cells.people_key
    from successions
    inner join {{ model }} as cells
        on
            successions.mart = cells.mart
            and successions.period = cells.period
            and successions.period_start = cells.period_start
            and successions.release_id = cells.release_id
    where successions.next_release_id is not null

),

cells_after as (

    select
        successions.release_id,
        successions.next_release_id,
        cells.table_cell,
        cells.n_subscribers,
        cells.other_measures,
        cells.people_key
    from successions
    inner join {{ model }} as cells
        on
            successions.mart = cells.mart
            and successions.period = cells.period
            and successions.period_start = cells.period_start
            and successions.next_release_id = cells.release_id

)

select
    coalesce(cells_before.table_cell, cells_after.table_cell) as table_cell,
    cells_before.n_subscribers as n_subscribers_before,
    cells_after.n_subscribers as n_subscribers_after
from cells_before
full outer join cells_after
    on
        cells_before.release_id = cells_after.release_id
        and cells_before.next_release_id = cells_after.next_release_id
        and cells_before.table_cell = cells_after.table_cell
where
    (
        cells_before.people_key is distinct from cells_after.people_key
        or cells_before.other_measures <> cells_after.other_measures
    )
    and not {{ has_min_group_size(
        'abs(coalesce(cells_after.n_subscribers, 0) - coalesce(cells_before.n_subscribers, 0))'
    ) }}

{% endtest %}
