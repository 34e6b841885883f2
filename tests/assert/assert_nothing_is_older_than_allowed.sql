{{ config(group='pipeline') }}

-- As of the date retention_as_of, no table holds a row that is older than its class allows. Where
-- the var is null there is nothing to find: a study of the past is too old from its first build on.
-- It reads every table with a class of retention, and a build replaces them meanwhile: so it looks
-- when it is asked by itself (dbt test), not within dbt build.

{{ expired_rows() }}
