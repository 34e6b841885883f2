{# What a table that is kept from build to build is made of: a hash of its select, with all that the
   vars put into it, of how it is stored, and of what its inputs are made of. The table bears it as a
   property from the statement that makes it, so a killed build leaves both or none. What cannot be
   compared counts as changed. #}
{% macro made_of(node, sql) %}
    {% set parts = [sql, node.config.get('partition_by'), node.config.get('buckets')]
        + versions_of_inputs(node) %}
    {% do return(local_md5((parts + versions_of_functions(parts | join)) | join(' | '))) %}
{% endmacro %}


{# For each input of a node, something that changes whenever its rows could; of tables of days,
   without_days, only what all of their days are made of. An ephemeral model stands in the select
   itself; a view is what it is made of. #}
{% macro versions_of_inputs(node, without_days=false) %}
    {% set versions = [] %}
    {% for id in node.depends_on.nodes | sort %}
        {% set parent = graph.nodes.get(id) or graph.sources[id] %}
        {% set materialized = parent.config.get('materialized') %}
        {% set table = parent.relation_name %}
        {% if parent.config.get('meta', {}).get('is_check') %}
            {# It decides whether a build goes on, and is in no row. #}
        {% elif materialized == 'ephemeral' %}
            {% do versions.extend(versions_of_inputs(parent, without_days)) %}
        {% elif materialized == 'view' %}
            {% do versions.append(select_of_view(table)) %}
            {% do versions.extend(versions_of_inputs(parent, without_days)) %}
        {% elif is_table_of_days(parent) %}
            {% do versions.append(table_property(table, 'rule')) %}
            {% do versions.append('' if without_days else days_made(table)) %}
        {% elif parent.resource_type == 'seed' or parent.config.meta.get('is_list') %}
            {% do versions.append(content_of_table(table)) %}
        {% elif materialized in ['kept_table', 'fixpoint'] %}
            {% do versions.append(was_made_of(table_of_node(parent)) or invocation_id) %}
        {% else %}
            {% do versions.append(invocation_id) %}
        {% endif %}
    {% endfor %}
    {% do return(versions) %}
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
    {% do return([run_query('set spark.throng.functions').rows[0][1]] if called else []) %}
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
