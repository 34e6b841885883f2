{# Differential privacy (noise_mechanism: dp_laplace). Two studies that differ by one subscriber
   give any published table of a mart, period and area level with chances that differ by a factor of
   exp(dp_epsilon) at most. So nothing exact may decide: every cell of the study gets noise, the
   empty ones too, and what comes after reads the noisy number alone. #}

{# What is released under it: periods, and of how many cells of a level a subscriber can be part in
   one period. All other marts and periods are withheld. #}
{% macro dp_marts() %}
    {% set areas_a_day = var('dp_max_areas') %}
    {% do return({
        'count_subscribers': {'periods': ['day'], 'sensitivity': areas_a_day},
        'count_visits_home_away': {'periods': ['day'], 'sensitivity': areas_a_day},
        'total_subscribers': {'periods': ['day', 'week', 'month'], 'sensitivity': 1},
        'count_residents': {'periods': ['study', 'week', 'month'], 'sensitivity': 1},
        'count_home_relocations': {'periods': ['week'], 'sensitivity': 1},
        'count_subscribers_single_area': {'periods': ['day'], 'sensitivity': 1},
        'count_subscribers_home_area': {'periods': ['day'], 'sensitivity': 1},
    }) %}
{% endmacro %}


{# The model that counts a mart where a subscriber could be in many cells: with dp_laplace in
   dp_max_areas of them at most. #}
{% macro contributions_to(mart) %}
    {% do return(
        ('int_bounded_' if var('noise_mechanism') == 'dp_laplace' else 'candidate_') ~ mart
    ) %}
{% endmacro %}


{# Whether cells are withheld beside small ones. Noise leaves nothing to subtract, and which cells
   are small is exact knowledge. #}
{% macro has_complementary_suppression() -%}
    {{ 'false' if var('noise_mechanism') == 'dp_laplace' else 'true' }}
{%- endmacro %}


{# The number that decides whether a cell is published, and from which its published number is
   made: the head count of its candidate; with dp_laplace that plus noise, or null where the mart or
   the period is not released under it. `cells` is the CTE of all cells, `keys` are its keys. #}
{% macro count_to_judge(mart, cells, keys) -%}
    {% if var('noise_mechanism') != 'dp_laplace' -%}
        candidates.n_subscribers
    {%- elif mart in dp_marts() -%}
        {% set dp = dp_marts()[mart] -%}
        case
            when {{ cells }}.period in ('{{ dp.periods | join("', '") }}')
                then
                    coalesce(candidates.n_subscribers, 0)
                    + {{ discrete_laplace(dp_bits(mart, cells, keys, dp), dp.sensitivity) }}
        end
    {%- else -%}
        cast(null as bigint)
    {%- endif %}
{%- endmacro %}


{# Bits of a cell: the same in every build of the same people, others as soon as they, the number or
   the scale of the noise change. #}
{% macro dp_bits(mart, cells, keys, dp) -%}
    {% set columns = [] -%}
    {% for key in keys %}{% do columns.append(cells ~ '.' ~ key) %}{% endfor -%}
    {% set parts = [
        table_cell(mart, columns),
        'coalesce(candidates.people_key, 0)',
        'coalesce(candidates.n_subscribers, 0)',
        "'" ~ dp.sensitivity ~ '/' ~ var('dp_epsilon') ~ "'",
    ] -%}
    {{ keyed_bits(parts | join(', '), 'cast(' ~ cells ~ '.period_start as date)') }}
{%- endmacro %}


{# A whole number with chance proportional to alpha^|number|, where alpha is
   exp(-dp_epsilon / sensitivity): the difference of two geometric draws, which come from 52 bits each. #}
{% macro discrete_laplace(bits, sensitivity) -%}
    floor(ln({{ uniform(bits, 1) }}) / {{ log_alpha(sensitivity) }})
    - floor(ln({{ uniform(bits, 14) }}) / {{ log_alpha(sensitivity) }})
{%- endmacro %}


{# While dbt only reads the models, check_vars has not yet said what is wrong with the vars. #}
{% macro log_alpha(sensitivity) -%}
    {% if execute -%}
        cast({{ -var('dp_epsilon') / sensitivity }} as double)
    {%- endif %}
{%- endmacro %}


{# 13 hex digits as a number in (0, 1]. #}
{% macro uniform(bits, first_digit) -%}
    ((cast(conv(substr({{ bits }}, {{ first_digit }}, 13), 16, 10) as bigint) + 1)
    / 4503599627370496)
{%- endmacro %}


{# Epsilon that a row of the ledger costs a subscriber in the worst case: that of the settings for
   each area level, nothing where all is withheld, null without dp_laplace. #}
{% macro epsilon_spent(mart, period, settings) -%}
    {% set cases = [] -%}
    {% for model in release_marts() if model.name in dp_marts() %}
        {% do cases.append(
            'when ' ~ mart ~ " = '" ~ model.name ~ "' and " ~ period ~ " in ('"
            ~ dp_marts()[model.name].periods | join("', '") ~ "') then "
            ~ (settings ~ '.n_area_levels' if 'area_level' in model.columns else 1)
        ) %}
    {% endfor -%}
    {{ settings }}.epsilon * case {{ cases | join(' ') }} else 0 end
{%- endmacro %}
