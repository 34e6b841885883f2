{# post-hook of int_list_problems: end the run where the lists of cells and areas contradict
   themselves, or where little of them can be used, with a sentence for each. #}
{% macro stop_at_list_problems(table) %}
    {% if execute %}
        {% set sentences = [] %}
        {% for row in run_query(
            'select problem, source_file, n_rows, n_all, example from ' ~ table
            ~ ' order by problem'
        ).rows %}
            {% do sentences.append(list_problem(row[0], row[1], row[2], row[3], row[4])) %}
        {% endfor %}
        {% if sentences %}
            {% do stop(sentences | join(' ')) %}
        {% endif %}
    {% endif %}
{% endmacro %}


{# One problem as a sentence: which file, what was found, what to do. #}
{% macro list_problem(problem, file, n_rows, n_all, example) %}
    {% set exchange = 'Exchange the names of the two columns in the header, or map each to the '
        ~ 'other in the var cell_site_columns.' %}
    {% do return({
        'exchanged_coordinates':
            'cell_sites/' ~ file ~ ': a latitude beyond 90 degrees does not exist (' ~ example
            ~ '; ' ~ n_rows ~ ' of ' ~ n_all ~ ' rows). Longitude and latitude look exchanged. '
            ~ exchange,
        'exchanged_sites':
            'cell_sites/' ~ file ~ ': ' ~ n_rows ~ ' of ' ~ n_all ~ ' sites are outside the '
            ~ 'boundaries of areas/, and inside if longitude and latitude are exchanged. '
            ~ exchange,
        'rejected_cells':
            'cell_sites/' ~ file ~ ': ' ~ n_rows ~ ' of ' ~ n_all ~ ' rows cannot be used, such as '
            ~ example ~ '. Correct the list; protected.rejected_cells has all of them.',
        'two_places':
            'cell_sites/' ~ file ~ ': ' ~ n_rows ~ ' of the cells stand at two places at one time, '
            ~ 'such as ' ~ example ~ '. Where a cell has moved, give the dates (valid_from); where '
            ~ 'an id is unique only within its location area, make cell_id of both columns in the '
            ~ 'vars cell_site_columns and event_columns, as in {cell_id: "lac;ci"}.',
        'unknown_area':
            'cell_sites/' ~ file ~ ': ' ~ n_rows ~ ' rows name an area that is not in areas/, such '
            ~ 'as ' ~ example ~ '. Add it there, or leave area_id empty.',
        'no_area':
            'cell_sites/' ~ file ~ ': no cell has an area: neither is there area_id in cell_sites/ '
            ~ 'nor a boundary (geometry) in areas/. Add one of the two.',
        'rejected_areas':
            'areas/' ~ file ~ ': ' ~ n_rows ~ ' of ' ~ n_all ~ ' rows cannot be used, most as '
            ~ example ~ '. Correct the list; protected.rejected_areas has all of them.',
        'area_twice':
            'areas/' ~ file ~ ': ' ~ n_rows ~ ' area ids stand in rows that differ, such as '
            ~ example ~ '. Keep one row for each area.',
        'unknown_parent':
            'areas/' ~ file ~ ': ' ~ n_rows ~ ' areas have a parent that is not in areas/, such as '
            ~ example ~ '. Add it, or leave parent_area_id empty at the coarsest level.',
        'parent_of_own_level':
            'areas/' ~ file ~ ': ' ~ n_rows ~ ' areas have a parent of their own level, such as '
            ~ example ~ '. A parent is of a coarser level.',
        'not_degrees':
            'areas/' ~ file ~ ': the boundaries of ' ~ n_rows ~ ' areas reach to ' ~ example
            ~ ': these are no degrees. Convert them to WGS 84 (EPSG:4326).',
        'unreadable_boundary':
            'areas/' ~ file ~ ': ' ~ n_rows ~ ' of ' ~ n_all ~ ' boundaries cannot be read, such as '
            ~ 'that of ' ~ example ~ '. Write geometry as WKT, GeoJSON or hexadecimal WKB.',
        'unreadable_population':
            'areas/' ~ file ~ ': ' ~ n_rows ~ ' of ' ~ n_all ~ ' populations are no numbers, such '
            ~ 'as that of ' ~ example ~ '. Write them as 12345, without separators.',
    }[problem]) %}
{% endmacro %}
