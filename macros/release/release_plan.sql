{# For each mart and period of the draft: `new` (never published, or withdrawn and not changed
   since), `revision`, `unchanged`, or `waits`.

   What has been published may be seen beside what is published next, and their difference is the
   people who came in between. A revision is therefore allowed only if every cell that changed,
   changed by min_group_size people or more; and all changed periods go together or not at all,
   since days, weeks and home areas are computed from each other. More events of the same people,
   or as many people who replace each other, are a change by 0 people that still shows: they wait.
   With dp_laplace whether a revision may go would itself be exact knowledge, so none goes. And what
   was published with other noise or rounding is not published again: a number and the same number
   blurred, side by side, undo each other. #}
{% macro release_plan_sql() %}
with

latest as (

    select
        mart,
        period,
        period_start,
        max(release_id) as release_id,
        max_by(status, release_id) as status,
        max_by(mechanism, release_id) as mechanism,
        max_by(rounding_base, release_id) as rounding_base
    from released.ledger
    group by
        mart,
        period,
        period_start

),

published as (

    select cells.*
    from protected.published_cells as cells
    left semi join latest
        on
            cells.release_id = latest.release_id
            and cells.mart = latest.mart
            and cells.period = latest.period
            and cells.period_start = latest.period_start

),

candidates as (

    select {{ published_columns() | join(', ') }} from {{ table_cells_relation() }}

),

candidates_once_published as (

    select candidates.*
    from candidates
    left semi join latest
        on
            candidates.mart = latest.mart
            and candidates.period = latest.period
            and candidates.period_start = latest.period_start

),

changes as (

    select
        coalesce(now.mart, before.mart) as mart,
        coalesce(now.period, before.period) as period,
        coalesce(now.period_start, before.period_start) as period_start,
        abs(coalesce(now.n_subscribers, 0) - coalesce(before.n_subscribers, 0)) as n_people
    from candidates_once_published as now
    full outer join published as before
        on now.table_cell = before.table_cell
    where
        now.people_key is distinct from before.people_key
        or now.other_measures <> before.other_measures

),

changed_periods as (

    select
        mart,
        period,
        period_start
    from changes
    group by
        mart,
        period,
        period_start

),

verdict as (

    select
        coalesce(min(changes.n_people) >= settings.min_group_size, true)
        and settings.mechanism <> 'dp_laplace' as is_revision_allowed,
        settings.mechanism,
        settings.rounding_base
    from protected.release_settings as settings
    left join changes
        on true
    group by
        settings.min_group_size,
        settings.mechanism,
        settings.rounding_base

)

select
    draft.*,
    case
        when latest.release_id is null then 'new'
        when
            (changed_periods.mart is not null or latest.status = 'withdrawn')
            and (
                latest.mechanism <> verdict.mechanism
                or latest.rounding_base <> verdict.rounding_base
            )
            then 'waits'
        when changed_periods.mart is not null and not verdict.is_revision_allowed then 'waits'
        when changed_periods.mart is not null then 'revision'
        when latest.status = 'withdrawn' then 'new'
        else 'unchanged'
    end as decision,
    latest.release_id as published_in
from protected.release_partitions as draft
cross join verdict
left join latest
    on
        draft.mart = latest.mart
        and draft.period = latest.period
        and draft.period_start = latest.period_start
left join changed_periods
    on
        draft.mart = changed_periods.mart
        and draft.period = changed_periods.period
        and draft.period_start = changed_periods.period_start
{% endmacro %}


{# Every table cell of every candidate, with the people behind it: int_table_cells, by its
   name, since operations have no ref. #}
{% macro table_cells_relation() %}
    {% do return(graph.nodes['model.' ~ project_name ~ '.int_table_cells'].relation_name) %}
{% endmacro %}


{# What is kept of a table cell when it is published. #}
{% macro published_columns() %}
    {% do return(['mart', 'period', 'period_start', 'table_cell', 'n_subscribers',
        'other_measures', 'people_key']) %}
{% endmacro %}
