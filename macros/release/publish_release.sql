{# Copy what may be published into the released schema and let the marts show it; called by
   `throng release publish`. Readers see nothing of it until the ledger has the release: a run that
   is killed before is begun again under the same id. #}
{% macro publish_release(release_id, recorded_at) %}
    {% do require_checks() %}
    {% do plan_release() %}
    {% set n_to_publish = run_query(
        "select count(*) from protected.release_plan where decision in ('new', 'revision')"
    ).rows[0][0] | int %}
    {% if n_to_publish > 0 %}
        {% for mart in release_marts() %}
            {% do run_query(copy_to_released_sql(mart, release_id)) %}
        {% endfor %}
        {% do run_query(copy_to_published_cells_sql(release_id)) %}
        {% do require_copies(release_id) %}
        {% do run_query(ledger_entries_sql(release_id, recorded_at)) %}
    {% endif %}
    {% do publish_areas(recorded_at) %}
    {% do publish_landed_lists(recorded_at) %}
    {% do show_releases_in_force(release_marts()) %}
{% endmacro %}


{# Copy the list of areas, unless it is the one that was published last. It says nothing about
   people, so it waits for no test of theirs. One file, seen once it is complete. #}
{% macro publish_areas(recorded_at) %}
    {% set areas = graph.nodes['model.' ~ project_name ~ '.int_area_outlines'].relation_name %}
    {% set is_published = run_query(
        'select count(*) from ' ~ areas ~ ' as areas left anti join '
        ~ '(select max_by(geography_version, published_at) as geography_version '
        ~ 'from released.areas) as last using (geography_version)'
    ).rows[0][0] | int == 0 %}
    {% if not is_published %}
        {% do run_query(
            "insert overwrite table released.areas partition (published_at = timestamp'"
            ~ recorded_at ~ "') select /*+ coalesce(1) */ "
            ~ published_area_columns() | map(attribute='name') | join(', ') ~ ' from ' ~ areas
        ) %}
    {% endif %}
{% endmacro %}


{# Copy what is known of areas beside people, and of entities, if any of it has landed. It says nothing
   about people either. #}
{% macro publish_landed_lists(recorded_at) %}
    {% do publish_list('context_series', 'int_context_checked',
        'area_level, area_id, series_name, period, cast(first_date as timestamp) as period_start, '
        ~ 'series_value', recorded_at, where='reject_reason is null') %}
    {% do publish_list('indicators', 'int_indicators',
        'entity, indicator, is_higher_worse, indicator_value', recorded_at) %}
{% endmacro %}


{# Copy what has landed into a table that has all its publications, one partition each, unless it is
   what was published last. One file, seen once it is complete.

   released, protected  names of the two tables
   columns              as SQL over the protected one, in the order of the released one
   where                which rows of it may be published #}
{% macro publish_list(released, protected, columns, recorded_at, where='true') %}
    {% if protected in names_in_schema('protected') %}
        {% set landed = 'select ' ~ columns ~ ' from protected.' ~ protected ~ ' where ' ~ where %}
        {% set last = 'select * except (published_at) from released.' ~ released
            ~ ' where published_at = (select max(published_at) from released.' ~ released ~ ')' %}
        {% set n_different = run_query(
            'select count(*) from ((' ~ landed ~ ' except ' ~ last ~ ') union all ('
            ~ last ~ ' except ' ~ landed ~ '))'
        ).rows[0][0] | int %}
        {% if n_different > 0 %}
            {% do run_query(
                'insert overwrite table released.' ~ released ~ ' partition (published_at = '
                ~ "timestamp'" ~ recorded_at ~ "') select /*+ coalesce(1) */ * from ("
                ~ landed ~ ')'
            ) %}
        {% endif %}
    {% endif %}
{% endmacro %}


{# Which periods are new, may be revised, have not changed, or wait. #}
{% macro plan_release() %}
    {% do require_tests() %}
    {% do replace_table('protected.release_plan', release_plan_sql()) %}
{% endmacro %}


{# What is to be published has passed the tests and the audit, and has not changed since. #}
{% macro require_checks() %}
    {% do require_tests() %}
    {% if 'audit' not in checks_passed() %}
        {% do stop('The audit has not passed for these tables. Run: throng release audit') %}
    {% endif %}
{% endmacro %}


{% macro require_tests() %}
    {% if 'tests' not in checks_passed() %}
        {% do stop('There is no complete build with green tests yet. Run: throng release build') %}
    {% endif %}
{% endmacro %}


{# Names of the checks that the last complete build has passed. #}
{% macro checks_passed() %}
    {% if not run_query("show schemas like 'protected'").rows
        or not run_query("show tables in protected like 'release_partitions'").rows %}
        {% do return([]) %}
    {% endif %}
    {% do return(run_query(
        'select checks.check_name from protected.release_checks as checks left semi join ('
        ~ draft_sha256_sql() ~ ') as draft on checks.content_sha256 = draft.content_sha256 '
        ~ 'group by checks.check_name'
    ).columns[0].values() | list) %}
{% endmacro %}


{# The copy is what was tested and audited, hash by hash. #}
{% macro require_copies(release_id) %}
    {% set n_differences = run_query(
        "with planned as (select * from protected.release_plan "
        ~ "where decision in ('new', 'revision')), "
        ~ 'copied as (select * from (' ~ released_partitions_sql() ~ ") where release_id = '"
        ~ release_id ~ "') "
        ~ 'select count(*) from planned full outer join copied '
        ~ 'using (mart, period, period_start, content_sha256) '
        ~ 'where planned.n_rows is null or copied.n_rows is null'
    ).rows[0][0] | int %}
    {% if n_differences > 0 %}
        {% do stop('The tables have changed since the tests ran; nothing was published. Run: '
            ~ 'throng release build, throng release audit, throng release publish.') %}
    {% endif %}
{% endmacro %}


{% macro copy_to_released_sql(mart, release_id) %}
insert overwrite table released.{{ mart.name }} partition (release_id = '{{ release_id }}')
select /*+ coalesce(1) */
    draft.{{ mart.columns.keys() | join(', draft.') }}
from {{ draft_of(mart.name) }} as draft
left semi join protected.release_plan as plan
    on
        plan.mart = '{{ mart.name }}'
        and plan.decision in ('new', 'revision')
        and draft.period = plan.period
        and draft.period_start = plan.period_start
{% endmacro %}


{# How many people, and which, stood behind each cell when it was published: what a later revision
   is compared with. Never for readers. #}
{% macro copy_to_published_cells_sql(release_id) %}
insert overwrite table protected.published_cells partition (release_id = '{{ release_id }}')
select /*+ coalesce(1) */
    {{ published_columns() | join(', ') }}
from {{ table_cells_relation() }} as candidates
left semi join protected.release_plan as plan
    on
        candidates.mart = plan.mart
        and plan.decision in ('new', 'revision')
        and candidates.period = plan.period
        and candidates.period_start = plan.period_start
{% endmacro %}


{% macro ledger_entries_sql(release_id, recorded_at) %}
insert into released.ledger_entries
select /*+ coalesce(1) */
    '{{ release_id }}',
    timestamp'{{ recorded_at }}',
    'published',
    plan.mart,
    plan.period,
    plan.period_start,
    settings.min_group_size,
    settings.mechanism,
    {{ epsilon_spent('plan.mart', 'plan.period', 'settings') }},
    settings.rounding_base,
    settings.relation_set,
    settings.method_version,
    settings.input_watermark,
    plan.n_rows,
    plan.n_suppressed,
    plan.content_sha256,
    null
from protected.release_plan as plan
cross join protected.release_settings as settings
where plan.decision in ('new', 'revision')
{% endmacro %}


{# Point each of these marts at the releases in force. #}
{% macro show_releases_in_force(marts) %}
    {% set conditions = {} %}
    {% for mart, release_id, period, is_whole, period_starts
        in run_query(releases_in_force_sql()).rows %}
        {% do conditions.setdefault(mart, []).append(
            "(release_id = '" ~ release_id ~ "' and period = '" ~ period ~ "'"
            ~ ('' if is_whole else ' and period_start in (' ~ period_starts ~ ')') ~ ')'
        ) %}
    {% endfor %}
    {% for mart in marts %}
        {% do run_query(mart_view_sql(mart, conditions.get(mart.name, []))) %}
    {% endfor %}
{% endmacro %}


{% macro releases_in_force_sql() %}
select
    mart,
    release_id,
    period,
    count_if(status = 'published') = count(*) as is_whole,
    array_join(
        array_sort(
            collect_list(
                case when status = 'published' then concat('timestamp''', period_start, '''') end
            )
        ),
        ', '
    ) as period_starts
from released.ledger
group by
    mart,
    release_id,
    period
having count_if(status = 'published') > 0
order by
    mart,
    release_id,
    period
{% endmacro %}


{# Take a release out of the readers' sight. Its rows stay, and so does its entry. #}
{% macro withdraw_release(release_id, recorded_at, reason) %}
    {% do run_query(withdrawal_sql(release_id, recorded_at, reason)) %}
    {% do show_releases_in_force(release_marts()) %}
{% endmacro %}


{% macro withdrawal_sql(release_id, recorded_at, reason) %}
insert into released.ledger_entries
select /*+ coalesce(1) */
    release_id,
    timestamp'{{ recorded_at }}',
    'withdrawn',
    mart,
    period,
    period_start,
    min_group_size,
    mechanism,
    epsilon,
    rounding_base,
    relation_set,
    method_version,
    input_watermark,
    n_rows,
    n_suppressed,
    content_sha256,
    '{{ sql_text(reason) }}'
from released.ledger
where release_id = '{{ release_id }}'
{% endmacro %}
