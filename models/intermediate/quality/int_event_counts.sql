-- What came in of a day, by file and of all files together (source_file is null): events, their
-- subscribers and cells, and the share of them that is in an area. A table: int_event_quality reads
-- it three times.

with

events as (

    select * from {{ ref('int_events_accepted') }}

),

subscriber_days as (

    select
        source_file,
        event_date,
        subscriber_id,
        count(*) as n_events,
        count(area_id) as n_located
    from events
    group by
        source_file,
        event_date,
        subscriber_id

),

cell_days as (

    select
        source_file,
        event_date,
        cell_id
    from events
    group by
        source_file,
        event_date,
        cell_id

),

people as (

    select
        source_file,
        event_date,
        sum(n_events) as n_events,
        sum(n_located) as n_located,
        count(distinct subscriber_id) as n_subscribers
    from subscriber_days
    group by grouping sets ((event_date), (source_file, event_date))

),

cells as (

    select
        source_file,
        event_date,
        count(distinct cell_id) as n_cells
    from cell_days
    group by grouping sets ((event_date), (source_file, event_date))

),

joined as (

    select
        people.*,
        cells.n_cells
    from people
    inner join cells
        on
            people.source_file <=> cells.source_file
            and people.event_date = cells.event_date

),

final as (

    select
        source_file,
        n_events as n_rows,
        stack(
            4,
            'n_events', cast(n_events as double),
            'n_subscribers', cast(n_subscribers as double),
            'n_cells', cast(n_cells as double),
            'share_located', n_located / n_events
        ) as (measure, measured_value),
        event_date
    from joined

)

select * from final
