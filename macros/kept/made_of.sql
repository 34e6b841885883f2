{# What a table that is kept from build to build is made of: a hash of its select, with all that the
   vars put into it, of how it is stored, and of what its inputs are made of. The table bears it as a
   property from the statement that makes it, so a killed build leaves both or none. What cannot be
   compared counts as changed. #}
{% macro made_of(node, sql) %}
    {% set parts = [sql, node.config.get('partition_by'), node.config.get('buckets')]
        + versions_of_inputs(node, sql) %}
    {% do return(local_md5((parts + versions_of_functions(parts | join)) | join(' | '))) %}
{% endmacro %}


{# For each input of a node, something that changes whenever its rows could; of tables of days,
   without_days, only what all of their days are made of. An ephemeral model stands in the select
   itself; a view is what it is made of. #}
{% macro versions_of_inputs(node, sql, without_days=false) %}
    {% set versions = [] %}
    {% for id in node.depends_on.nodes | sort %}
        {% do versions.extend(
            versions_of_input(graph.nodes.get(id) or graph.sources[id], sql, without_days)
        ) %}
    {% endfor %}
    {% do return(versions) %}
{% endmacro %}


{# The same of one input, found once in a run: whatever reads an input comes after it. Of
   int_withheld_cells the select decides which part counts. #}
{% macro versions_of_input(input, sql, without_days=false) %}
    {% if input.config.get('materialized') in ['ephemeral', 'fixpoint'] %}
        {% do return(find_versions(input, sql, without_days)) %}
    {% endif %}
    {% set found = found_in_this_run() %}
    {% set question = input.unique_id ~ ' without days' if without_days else input.unique_id %}
    {% if question not in found %}
        {% do found.update({question: find_versions(input, sql, without_days)}) %}
    {% endif %}
    {% do return(found[question]) %}
{% endmacro %}


{# What macros of this run have found, for those that come later. dbt's graph is the one thing that
   all nodes of a run share. #}
{% macro found_in_this_run() %}
    {% do return(graph.setdefault('found in ' ~ invocation_id, {})) %}
{% endmacro %}


{# The answer to a statement that has the same one all through a run. #}
{% macro asked_once(statement) %}
    {% set found = found_in_this_run() %}
    {% if statement not in found %}
        {% do found.update({statement: run_query(statement)}) %}
    {% endif %}
    {% do return(found[statement]) %}
{% endmacro %}


{# What cannot be compared has the id of the run, which no other run has. #}
{% macro find_versions(input, sql, without_days) %}
    {% set materialized = input.config.get('materialized') %}
    {% set table = input.relation_name %}
    {% if input.config.get('meta', {}).get('is_check') %}
        {# It decides whether a build goes on, and is in no row. #}
        {% do return([]) %}
    {% elif materialized == 'ephemeral' %}
        {% do return(versions_of_inputs(input, sql, without_days)) %}
    {% elif materialized in ['view', 'kept_view'] %}
        {% set select = select_of_view(table) %}
        {% do return([select] + versions_of_inputs(input, select, without_days)) %}
    {% elif is_table_of_days(input) %}
        {% do return([table_property(table, 'rule'), '' if without_days else days_made(table)]) %}
    {% elif input.resource_type == 'seed' or input.config.meta.get('is_list') %}
        {% do return([content_of_table(table)]) %}
    {% elif materialized == 'fixpoint' %}
        {% do return([version_of_cells(table_of_node(input), sql) or invocation_id]) %}
    {% elif materialized == 'incremental' %}
        {% do return([table_property(table, 'made_of') or invocation_id]) %}
    {% elif materialized == 'kept_table' %}
        {% do return([was_made_of(table_of_node(input)) or invocation_id]) %}
    {% endif %}
    {% do return([invocation_id]) %}
{% endmacro %}


{# Of int_withheld_cells: where a select reads the cells of some marts alone (withheld_cells_of),
   which these are; else what the table was made of. #}
{% macro version_of_cells(table, sql) %}
    {% set marts = modules.re.findall("startswith\\(table_cell, concat\\('(\\w+)'", sql) %}
    {% if not marts or not was_made_of(table) or sql.count(table | string) != marts | length %}
        {% do return(was_made_of(table)) %}
    {% endif %}
    {% set versions = [] %}
    {% for mart in marts %}
        {% do versions.append(mart ~ (modules.re.findall(
            'throng.cells.' ~ mart ~ '=(-?[0-9]+)', table.information
        ) or [' none'])[0]) %}
    {% endfor %}
    {% do return(versions | join) %}
{% endmacro %}


{# Of the Python functions in a text: what they do changes with the code of the server. What
   keyed_bits does changes with a key, which is in no table. #}
{% macro versions_of_functions(text) %}
    {% set called = [] %}
    {% for name in python_functions() if name ~ '(' in text %}
        {% do called.append(name) %}
    {% endfor %}
    {% if 'keyed_bits' in called %}
        {% do return([invocation_id]) %}
    {% endif %}
    {% do return([asked_once('set spark.throng.functions').rows[0][1]] if called else []) %}
{% endmacro %}


{# As dbt knows it: asked of the catalog once for all tables, when a run starts, and remembered of
   those that the run has made. Of no table, or one without the property, an empty text. #}
{% macro was_made_of(relation) %}
    {% do return((
        modules.re.findall('throng.made_of=([0-9a-f]+)', relation.information or '') or ['']
    )[0] if relation else '') %}
{% endmacro %}


{# The table of a node, as dbt knows it; none where it is not there. #}
{% macro table_of_node(node) %}
    {% do return(load_relation(
        api.Relation.create(schema=node.schema, identifier=node.name)
    )) %}
{% endmacro %}


{# The select of a view, as it was made. What stands before it tells when. #}
{% macro select_of_view(view) %}
    {% do return(run_query('show create table ' ~ view).rows[0][0].split('\nAS ', 1)[1]) %}
{% endmacro %}


{# A number, as text, that changes with these columns of any row of a table. As JSON, because a hash
   of columns passes over null: it would not see a value move to the next column. #}
{% macro content_of_table(table, columns='*') %}
    {% do return(run_query(
        'select cast(sum(cast(xxhash64(to_json(struct(' ~ columns ~ '))) as decimal(38, 0)))'
        ~ ' as string) from ' ~ table
    ).rows[0][0] | string) %}
{% endmacro %}


{# A property that the project gave a table; an empty text where it has none. #}
{% macro table_property(table, name) %}
    {% set key = 'throng.' ~ name %}
    {% set value = run_query('show tblproperties ' ~ table ~ " ('" ~ key ~ "')").rows[0][1] %}
    {% do return('' if 'does not have property' in value else value) %}
{% endmacro %}


{# Give a table properties: ['name=value']. #}
{% macro set_properties(table, properties) %}
    {% set pairs = [] %}
    {% for property in properties %}
        {% do pairs.append("'" ~ property.split('=') | join("' = '") ~ "'") %}
    {% endfor %}
    {% do run_query('alter table ' ~ table ~ ' set tblproperties (' ~ pairs | join(', ') ~ ')') %}
{% endmacro %}


{# Until it is made again, nobody knows what a table is made of. #}
{% macro unset_made_of(table) %}
    {% do run_query(
        'alter table ' ~ table ~ " unset tblproperties if exists ('throng.made_of')"
    ) %}
{% endmacro %}
