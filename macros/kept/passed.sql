{# What has passed on the same tables is not asked again by the next build: a hash of the select of
   each data test that passed, and of what the tables are made of that it names, is a property of
   protected.release_checks. `dbt test` asks every test all the same, and so does --full-refresh. #}


{# A data test. A build asks it only where its select, or a table that it reads, is another one than
   when it passed last. #}
{% materialization test, adapter='spark' %}
    {% set tables = tables_asked(sql) if flags.WHICH == 'build' and not should_full_refresh() %}
    {% if tables and tables == passed_on(model.name) %}
        {% call statement('main', fetch_result=True) %}
            select
                0 as failures,
                false as should_warn,
                false as should_error
        {% endcall %}
        {% do return({'relations': []}) %}
    {% endif %}
    {% do return(dbt.materialization_test_default()) %}
{% endmaterialization %}


{# on-run-end: note what has passed. #}
{% macro record_passed(results) %}
    {% set properties = [] %}
    {% if execute and flags.WHICH in ['build', 'test'] %}
        {% for result in results
            if result.node.resource_type == 'test' and result.status == 'pass' %}
            {% set tables = tables_asked(result.node.compiled_code) %}
            {% if tables and tables != passed_on(result.node.name) %}
                {% do properties.append('throng.passed.' ~ result.node.name ~ '=' ~ tables) %}
            {% endif %}
        {% endfor %}
    {% endif %}
    {% if properties %}
        {% do set_properties('protected.release_checks', properties) %}
    {% endif %}
{% endmacro %}


{# A hash of a select and of what all tables are made of that it names; an empty text where that is
   not known of one of them: such a test is always asked. #}
{% macro tables_asked(sql) %}
    {% set versions = [sql] %}
    {% set schemas = 'landing|staging|protected|released|marts' %}
    {% for name in modules.re.findall('\\b(?:' ~ schemas ~ ')[.]\\w+', sql) | unique | sort %}
        {% do versions.extend(versions_of_table(name, sql)) %}
    {% endfor %}
    {% if versions | length > 1 and invocation_id not in versions %}
        {% do return(local_md5((versions + versions_of_functions(sql)) | join(' | '))) %}
    {% endif %}
    {% do return('') %}
{% endmacro %}


{# Of a table of a model or of the draft of a mart; of any other it is not known. #}
{% macro versions_of_table(name, sql) %}
    {% for node in graph.nodes.values() if node.resource_type == 'model' %}
        {% if node.relation_name == name and node.config.materialized != 'released' %}
            {% do return(versions_of_input(node, sql)) %}
        {% elif node.config.materialized == 'released' and draft_of(node.name) | string == name %}
            {% do return([was_made_of(load_relation(draft_of(node.name))) or invocation_id]) %}
        {% endif %}
    {% endfor %}
    {% do return([invocation_id]) %}
{% endmacro %}


{# What a test passed on last, as dbt knows the table since the run began. #}
{% macro passed_on(name) %}
    {% set checks = load_relation(
        api.Relation.create(schema='protected', identifier='release_checks')
    ) %}
    {% do return((modules.re.findall(
        'throng.passed.' ~ name ~ '=([0-9a-f]+)', checks.information or ''
    ) or [''])[0] if checks else '') %}
{% endmacro %}
