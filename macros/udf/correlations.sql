{# Correlations of two series of the same days (array<double>) at lags of up to 14 days, by the rule
   of docs/definitions.md, Correlation: an array of lag_days, n_days, pearson, spearman, p_value. #}
{% macro correlations_of(first, second) -%}
    correlate_days({{ first }}, {{ second }})
{%- endmacro %}
