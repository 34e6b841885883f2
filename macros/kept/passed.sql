{# A build does not run a data test again that has passed on the same tables: for each test that
   passed, protected.release_checks has a property with a hash of its select and of what the tables
   in it were made of. `dbt test` runs every test, and so does --full-refresh. #}


{# A data test. A build runs it only where its select, or a table that it reads, has changed since
   it passed. #}
{% materialization test, adapter='spark' %}
    {% set tables = tables_asked(sql) if flags.WHICH == 'build' and not should_full_refresh() %}
    {% if tables and tables == passed_on(model.name) %}
        {% set nothing_failed = asked_once(
            'select 0 as failures, false as should_warn, false as should_error'
        ) %}
        {% call noop_statement('main', message='passed before', res=nothing_failed) %}
            {{ sql }}
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


{# A hash of a select and of what the tables in it are made of; an empty text where that is not
   known of one of them: such a test always runs. #}
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
    {% set models = 'model.' ~ project_name ~ '.' %}
    {% set model = graph.nodes.get(models ~ name.split('.')[1]) %}
    {% if model and model.relation_name == name and model.config.materialized != 'released' %}
        {% do return(versions_of_input(model, sql)) %}
    {% endif %}
    {% set mart = graph.nodes.get(models ~ name | replace('protected.release_', '')) %}
    {% if mart and mart.config.materialized == 'released' %}
        {% do return([was_made_of(load_relation(draft_of(mart.name))) or invocation_id]) %}
    {% endif %}
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
