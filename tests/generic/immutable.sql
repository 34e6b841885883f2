{# What lies in the schema `released` is what the ledger says was published: the rows of each mart,
   period and release. Asked in every build: what is published may not change. #}
{% test immutable(model) %}

{% set marts = published_marts(model) %}

with

ledger as (

    select * from {{ model }}
    where mart in ('{{ marts | map(attribute='name') | join("', '") }}')

),

partitions as (

    {{ released_partitions_sql(marts) }}

)

select
    ledger.mart,
    ledger.release_id,
    ledger.period,
    ledger.period_start
from ledger
left join partitions
    on
        ledger.mart = partitions.mart
        and ledger.release_id = partitions.release_id
        and ledger.period = partitions.period
        and ledger.period_start = partitions.period_start
where ledger.content_sha256 is distinct from partitions.content_sha256

{% endtest %}
