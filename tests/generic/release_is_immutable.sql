{# What lies in the released schema is what the ledger says was published, period by period. #}
{% test release_is_immutable(model) %}

{% set columns = adapter.get_columns_in_relation(model) | map(attribute='name') | list
    if execute else ['period'] %}

with

ledger as (

    select * from {{ source('released', 'ledger') }}
    where mart = '{{ model.identifier }}'

),

released as (

    select
        release_id,
        period,
        period_start,
        {{ content_sha256(columns) }} as content_sha256
    from released.{{ model.identifier }}
    group by
        release_id,
        period,
        period_start

)

select
    ledger.release_id,
    ledger.period,
    ledger.period_start
from ledger
left join released
    on
        ledger.release_id = released.release_id
        and ledger.period = released.period
        and ledger.period_start = released.period_start
where ledger.content_sha256 is distinct from released.content_sha256

{% endtest %}
