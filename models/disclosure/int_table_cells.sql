{{ config(partition_by=['mart']) }}

-- Every table cell with people of every mart: what can be published or withheld. How many people
-- it counts and which, a hash of its other measures, and whether these fail the dominance rule.
-- The candidates are listed here because dbt needs to know them before it reads the marts; a mart
-- whose candidate is missing here does not build (macros/materializations/released.sql).

{% set candidates = [
    ref('candidate_count_subscribers'),
    ref('candidate_count_events'),
    ref('candidate_total_subscribers'),
    ref('candidate_count_subscribers_single_area'),
    ref('candidate_count_residents'),
    ref('candidate_count_home_relocations'),
    ref('candidate_count_visits_home_away'),
    ref('candidate_count_subscribers_home_area'),
    ref('candidate_count_visitors'),
    ref('candidate_count_active_residents'),
    ref('candidate_od_matrix_directed_all_pairs'),
    ref('candidate_od_matrix_directed_consecutive_pairs'),
    ref('candidate_od_matrix_undirected_all_pairs'),
    ref('candidate_arrivals_departures'),
    ref('candidate_od_matrix_directed_between_days'),
    ref('candidate_stay_times_od'),
    ref('candidate_count_stops'),
    ref('candidate_stay_durations'),
    ref('candidate_day_rhythm'),
    ref('candidate_journeys_od'),
    ref('candidate_journeys_by_hour'),
    ref('candidate_trip_distances'),
    ref('candidate_distance_travelled'),
    ref('candidate_day_locations'),
    ref('candidate_profile_summary'),
    ref('candidate_profile_segments'),
    ref('candidate_contact_matrix'),
] %}
{% if has_feed('listening') %}
    {% do candidates.append(ref('candidate_listener_summary')) %}
{% endif %}

with

final as (

    {% for candidate in candidates if execute %}
    {{ table_cells_of(candidate) | indent }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final
