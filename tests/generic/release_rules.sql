{# The rows of a mart that break a rule of release, each with the name of the rule. One query
   for all rules, over what would be published and its candidate; the rules follow from what
   the mart says it is. min_group_size is a test of its own. #}
{% test release_rules(model) %}

{# dbt must see what is read before it has read the marts. #}
{% set areas = ref('int_area_list') %}
{% set withheld_cells = withheld_cells_of(model.identifier) %}

{% if execute %}

{% set mart = mart_node(model) %}
{% set meta = mart.config.meta %}
{% set keys = key_columns(meta) %}

with

draft as (

    select * from {{ draft_of(mart.name) }}

),

candidates as (

    select * from {{ candidate_of(mart.name) }}

),

withheld_cells as (

    {{ withheld_cells }}

),

areas as (

    select area_id from {{ areas }}

),

{{ rule_primary_key(meta, keys) }},

{{ rules_of_rows(meta, keys) }},

{{ rule_no_identifiers(mart) }},

{{ rule_columns(mart) }}

select * from primary_key
union all
select * from rules_of_rows
union all
select * from no_identifiers
union all
select * from column_names

{% endif %}

{% endtest %}
