{# post-hook of int_listening_events: drops the rows of a file that is gone, or that would be read
   differently now and had no new rows to overwrite the old ones. What remains is what is in the
   landing folder, and the table bears what that was, so that what is made of it can be kept. #}
{% macro forget_changed_files(table, files) %}
    {% if execute %}
        {% for row in run_query(
            'select distinct source_file from (select distinct source_file, reading_id from '
            ~ table ~ ') left anti join ' ~ files ~ ' using (source_file, reading_id)'
        ).rows %}
            {% do run_query(
                'alter table ' ~ table ~ " drop if exists partition (source_file = '"
                ~ sql_text(row[0]) ~ "')"
            ) %}
        {% endfor %}
        {% do set_properties(table, ['throng.made_of=' ~ content_of_table(files)]) %}
    {% endif %}
{% endmacro %}


{# pre-hook of the same: until its end nobody knows what the table is made of. #}
{% macro forget_made_of(table) %}
    {% if execute and load_relation(table) %}
        {% do unset_made_of(table) %}
    {% endif %}
{% endmacro %}
