{# post-hook of int_listening_events: drops the rows of a file that is gone, or that would be read
   differently now and had no new rows to overwrite the old ones. What remains is what is in the
   landing folder. #}
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
    {% endif %}
{% endmacro %}
