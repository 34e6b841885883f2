{# One hash of all rows of a group, whatever their order. #}
{% macro content_sha256(columns) -%}
    {{ rows_sha256(row_sha256(columns)) }}
{%- endmacro %}


{% macro row_sha256(columns) -%}
    sha2(to_json(struct({{ columns | join(', ') }})), 256)
{%- endmacro %}


{# From the hashes of rows that of their group. #}
{% macro rows_sha256(hash) -%}
    sha2(concat_ws(',', sort_array(collect_list({{ hash }}))), 256)
{%- endmacro %}
