{# on-run-start: say which server and warehouse this run acts on, and stop where it is another one
   than the environment names. Without THRONG_PORT dbt takes port 10000 (profiles.yml has no other way),
   where the server of another warehouse may answer: then it has to be that of this project. #}
{% macro check_server() %}
    {% if execute %}
        {% set place = target.host ~ ':' ~ target.port %}
        {% set warehouse = server_warehouse() %}
        {% set port = env_var('THRONG_PORT', '') %}
        {% set asked = env_var('THRONG_WAREHOUSE', '') or ('' if port else 'data/warehouse') %}
        {% set meant = asked if asked.startswith('/') else flags.PROJECT_DIR ~ '/' ~ asked %}
        {% if asked and warehouse.startswith('/') and warehouse != meant.rstrip('/') %}
            {% do stop('The server on ' ~ place ~ ' has the warehouse ' ~ warehouse ~ ', not '
                ~ meant ~ '. Set THRONG_PORT to the port of the server you mean'
                ~ (' (without it, dbt takes 10000)' if not port else
                ', or THRONG_WAREHOUSE to its warehouse')
                ~ '; throng server status shows it.') %}
        {% endif %}
        {% do log('Server ' ~ place ~ ', warehouse ' ~ warehouse, info=true) %}
    {% endif %}
{% endmacro %}


{# The folder of the server's tables, without file: and the tables/ at its end. #}
{% macro server_warehouse() %}
    {# Of the setting spark.sql.warehouse.dir Spark hides a path that has "secret" in it. #}
    {% set said = dict(run_query('describe database default').rows | map('list')) %}
    {% set path = modules.re.sub('^file:/+', '/', said['Location']) | replace('%20', ' ') %}
    {% do return(modules.re.sub('/tables/*$', '', path)) %}
{% endmacro %}
