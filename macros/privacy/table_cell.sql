{# The id of one cell of a published table. Its parts are separated by a control character that no
   area id contains; a null part (no home) is left out, and only one part of a key may be null. #}
{% macro table_cell(mart, keys) -%}
    concat_ws(char(31), '{{ mart }}', {{ keys | join(', ') }})
{%- endmacro %}


{# The cells of a mart that are withheld although they have enough people. That a select reads these
   alone is read off its text: it need not be made again when cells of other marts are withheld
   (version_of_cells). #}
{% macro withheld_cells_of(mart) -%}
    select * from {{ ref('int_withheld_cells') }}
    where startswith(table_cell, concat('{{ mart }}', char(31)))
{%- endmacro %}
