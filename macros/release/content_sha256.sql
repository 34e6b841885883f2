{# One hash of all rows of a group, whatever their order. #}
{% macro content_sha256(columns) -%}
    sha2(concat_ws(',', sort_array(collect_list(
        sha2(to_json(struct({{ columns | join(', ') }})), 256)
    ))), 256)
{%- endmacro %}
