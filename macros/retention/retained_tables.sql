{# Every stored table with a class of retention: [{name, class, schema, relation, partition_by,
   file_format}], ordered by name. The class of a model is set in dbt_project.yml, by folder; that
   of published_cells, which releases write, where it is declared a source. A draft of a mart is
   kept as long as its candidate. #}
{% macro retained_tables() %}
    {% set tables = [] %}
    {% for node in (graph.nodes.values() | list + graph.sources.values() | list)
        | sort(attribute='name')
        if node.resource_type in ['model', 'source']
        and node.config.get('materialized') not in ['view', 'kept_view', 'ephemeral']
        and node.config.get('meta', {}).get('retention', 'none') != 'none' %}
        {% do tables.append({
            'name': node.name,
            'class': node.config.meta['retention'],
            'schema': node.schema,
            'relation': node.relation_name,
            'partition_by': ['release_id'] if node.name == 'published_cells'
                else node.config.get('partition_by') or [],
            'file_format': node.config.get('file_format') or 'parquet',
        }) %}
    {% endfor %}
    {% for mart in release_marts() %}
        {% do tables.append({
            'name': draft_of(mart.name).identifier,
            'class': 'candidates',
            'schema': draft_of(mart.name).schema,
            'relation': draft_of(mart.name) | string,
            'partition_by': [],
            'file_format': 'parquet',
        }) %}
    {% endfor %}
    {{ return(tables | sort(attribute='name')) }}
{% endmacro %}


{# Names of the tables and views of a schema; none if the schema does not exist. #}
{% macro names_in_schema(schema) %}
    {% set names = [] %}
    {% if run_query("show schemas like '" ~ schema ~ "'").rows | length > 0 %}
        {% for row in run_query('show tables in ' ~ schema).rows %}
            {% do names.append(row[1]) %}
        {% endfor %}
    {% endif %}
    {{ return(names) }}
{% endmacro %}


{# The columns of every table and view of a schema, by name, as the catalog shows them; nothing if
   the schema does not exist. #}
{% macro columns_in_schema(schema) %}
    {% set columns = {} %}
    {% if run_query("show schemas like '" ~ schema ~ "'").rows | length > 0 %}
        {% for row in run_query('show table extended in ' ~ schema ~ " like '*'").rows %}
            {% do columns.update({row[1]: modules.re.findall('(?m)^ [|]-- (\\w+): ', row[3])}) %}
        {% endfor %}
    {% endif %}
    {{ return(columns) }}
{% endmacro %}


{# The first date that a class keeps, as of a date: the days of the limit and the date itself are
   kept. #}
{% macro first_kept_date(retention_class, as_of) %}
    {% set day = modules.datetime.datetime.strptime(as_of | string, '%Y-%m-%d').date() %}
    {% set days = var('retention_' ~ retention_class ~ '_days') %}
    {{ return((day - modules.datetime.timedelta(days=days)) | string) }}
{% endmacro %}


{# SQL of the last day of the study and of its reference period; none before the first build. #}
{% macro last_study_dates() %}
    {% set model = graph.nodes['model.' ~ project_name ~ '.int_study_window'] %}
    {% if model.name in names_in_schema(model.schema) %}
        {% set window = run_query(
            'select cast(study_end_date as string), cast(home_end_date as string) from '
            ~ model.relation_name
        ).rows[0] %}
        {{ return({
            'study': retention_literal(window[0]),
            'reference': retention_literal(window[1]),
        }) }}
    {% endif %}
{% endmacro %}


{# SQL of the date from which the age of a table's rows counts: the date of the event; else the last
   day of the period or week, but not after the study; without a period, the last day of the
   study. #}
{% macro retention_date(columns, last_dates) %}
    {% set study_end = last_dates['study'] %}
    {% set instant = 'recharge_at' if 'recharge_at' in columns else 'event_at' %}
    {% if 'event_date' in columns and instant in columns %}
        {{ return('coalesce(event_date, cast(' ~ instant ~ ' as date), ' ~ study_end ~ ')') }}
    {% elif 'event_date' in columns %}
        {{ return('coalesce(event_date, ' ~ study_end ~ ')') }}
    {% elif 'period' in columns and 'period_start' in columns %}
        {{ return(
            "least(" ~ study_end ~ ", case period when 'study' then " ~ study_end
            ~ " when 'reference' then " ~ last_dates['reference']
            ~ " when 'month' then last_day(period_start)"
            ~ " when 'week' then date_add(cast(period_start as date), 6)"
            ~ " else cast(period_start as date) end)"
        ) }}
    {% elif 'week_start' in columns %}
        {{ return('least(' ~ study_end ~ ', date_add(week_start, 6))') }}
    {% else %}
        {{ return(study_end) }}
    {% endif %}
{% endmacro %}


{# A date as SQL. #}
{% macro retention_literal(day) %}
    {{ return("cast(" ~ ("'" ~ day ~ "'" if day else 'null') ~ " as date)") }}
{% endmacro %}


{# The tables of a feed that the var feeds does not name are in no graph, so their limits would
   not be kept: that stops whoever looks at what is too old. #}
{% macro require_named_feeds() %}
    {% set built = names_in_schema('protected') %}
    {% for feed, table in [
        ('recharges', 'int_recharges_checked'), ('listening', 'int_listening_events')
    ]
        if table in built and not has_feed(feed) %}
        {% do stop('protected.' ~ table ~ ' is there, but the var feeds does not name ' ~ feed
            ~ ', so its rows would be kept for ever. Add it, as in feeds: [' ~ feed ~ '].') %}
    {% endfor %}
{% endmacro %}
