{{ config(meta={'retention': 'candidates'}) }}

-- Per period and area: are the mean and the standard deviation of the distances published? The
-- areas of every level have the same sum, so the withheld areas of a level together can be had by
-- subtraction. Where any area fails the rules, areas are therefore withheld, those that fail first,
-- until together they pass the rules of a published group; of areas of about the same size a keyed
-- order decides. Of such a sum only the largest value is known: the second largest is assumed to be
-- equal to it.

with

candidates as (

    select
        *,
        {{ table_cell(
            'distance_travelled', ['period', 'period_start', 'area_level', 'home_area_id']
        ) }} as table_cell
    from {{ ref('candidate_distance_travelled') }}

),

withheld_cells as (

    {{ withheld_cells_of('distance_travelled') }}

),

areas_judged as (

    select
        candidates.*,
        {{ has_min_group_size('candidates.n_subscribers') }}
        and withheld_cells.table_cell is null
        and {{ passes_moment_rules(
            'n_travellers', 'total_travelled_km', 'sum_of_squares', 'largest_travelled_km',
            'second_largest_travelled_km'
        ) }} as passes_rules
    from candidates
    left join withheld_cells
        on candidates.table_cell = withheld_cells.table_cell

),

areas_in_order as (

    select
        *,
        count_if(not passes_rules) over (
            partition by period, period_start, area_level
        ) as n_failing,
        row_number() over (
            partition by period, period_start, area_level
            order by
                passes_rules asc,
                floor(log2(n_subscribers)) asc,
                xxhash64(home_area_id, people_key) asc,
                home_area_id asc
        ) as area_position
    from areas_judged

),

-- An area and all before it.
withheld_together as (

    select
        period,
        period_start,
        area_level,
        home_area_id,
        n_failing,
        area_position,
        sum(n_subscribers) over up_to_here as n_subscribers,
        sum(n_travellers) over up_to_here as n_travellers,
        sum(total_travelled_km) over up_to_here as total_travelled_km,
        sum(sum_of_squares) over up_to_here as sum_of_squares,
        max(largest_travelled_km) over up_to_here as largest_travelled_km
    from areas_in_order
    window
        up_to_here as (
            partition by period, period_start, area_level
            order by area_position
            rows between unbounded preceding and current row
        )

),

areas_with_ends as (

    select
        *,
        min(
            case
                when
                    area_position >= n_failing
                    and {{ has_min_group_size('n_subscribers') }}
                    and {{ passes_moment_rules(
                        'n_travellers', 'total_travelled_km', 'sum_of_squares',
                        'largest_travelled_km', 'largest_travelled_km'
                    ) }}
                    then area_position
            end
        ) over (partition by period, period_start, area_level) as last_position
    from withheld_together

),

-- Where no position passes the rules, all areas are withheld.
final as (

    select
        period,
        period_start,
        area_level,
        home_area_id,
        n_failing = 0 or coalesce(area_position > last_position, false) as has_means
    from areas_with_ends

)

select * from final
