{# Differential privacy (noise_mechanism: dp_laplace). For two studies that differ by one
   subscriber, the probabilities of any published table of a mart, period and area level differ by a
   factor of at most exp(dp_epsilon). So no exact number may decide: every table cell of the study
   gets noise, empty ones too, and everything later reads the noisy number only. #}

{# In how many table cells of a level a subscriber can be in one period; none where a mart is not
   released under dp_laplace. A mart declares it: dp_laplace, with its periods. #}
{% macro sensitivity_of(mart) %}
    {% set sensitivity = mart.get('dp_laplace', {}).get('sensitivity') %}
    {% do return(var('dp_max_areas') if sensitivity == 'areas_a_day' else sensitivity) %}
{% endmacro %}


{# The model that counts a mart in which a subscriber could be in many table cells: with dp_laplace
   in at most dp_max_areas of them. #}
{% macro contributions_to(mart) %}
    {% do return(
        ('int_bounded_' if var('noise_mechanism') == 'dp_laplace' else 'candidate_') ~ mart
    ) %}
{% endmacro %}


{# Whether there is secondary suppression. With noise there is nothing to subtract, and which table
   cells are small is exact knowledge. #}
{% macro has_complementary_suppression() -%}
    {{ 'false' if var('noise_mechanism') == 'dp_laplace' else 'true' }}
{%- endmacro %}


{# The number that decides whether a table cell is published, and from which its published number is
   made: the head count of its candidate; with dp_laplace that plus noise, or null where the mart or
   the period is not released under it. For the CTEs `cells` and `candidates` of a release. #}
{% macro count_to_judge(name, mart) -%}
    {% if var('noise_mechanism') != 'dp_laplace' -%}
        candidates.n_subscribers
    {%- elif mart.get('dp_laplace') -%}
        case
            when cells.period in ('{{ mart.dp_laplace.periods | join("', '") }}')
                then
                    coalesce(candidates.n_subscribers, 0)
                    + {{ discrete_laplace(dp_bits(name, mart), sensitivity_of(mart)) }}
        end
    {%- else -%}
        cast(null as bigint)
    {%- endif %}
{%- endmacro %}


{# Random bits of a table cell: the same in every build of the same people, different as soon as the
   people, the number or the scale of the noise change. #}
{% macro dp_bits(name, mart) -%}
    {% set columns = [] -%}
    {% for key in cell_columns(mart) %}{% do columns.append('cells.' ~ key) %}{% endfor -%}
    {% set parts = [
        table_cell(name, columns),
        'coalesce(candidates.people_key, 0)',
        'coalesce(candidates.n_subscribers, 0)',
        "'" ~ sensitivity_of(mart) ~ '/' ~ var('dp_epsilon') ~ "'",
    ] -%}
    {{ keyed_bits(parts | join(', '), 'cast(cells.period_start as date)') }}
{%- endmacro %}


{# A whole number with probability proportional to alpha^|number|, where alpha is exp(-dp_epsilon /
   sensitivity): the difference of two geometric draws from 52 bits each. #}
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
   each area level, none where everything is suppressed, null without dp_laplace. #}
{% macro epsilon_spent(mart, period, settings) -%}
    {% set cases = [] -%}
    {% for model in release_marts() if model.config.meta.get('dp_laplace') %}
        {% do cases.append(
            'when ' ~ mart ~ " = '" ~ model.name ~ "' and " ~ period ~ " in ('"
            ~ model.config.meta.dp_laplace.periods | join("', '") ~ "') then "
            ~ (settings ~ '.n_area_levels' if 'area_level' in model.columns else 1)
        ) %}
    {% endfor -%}
    {{ settings }}.epsilon * case {{ cases | join(' ') }} else 0 end
{%- endmacro %}
