"""The worksheets in analyses/worksheets, without a server: what they read, who understands them.

Hive reads them by its own parser, which comes with Spark. Athena's is not to be had, so sqlglot
stands for it, which has the three grammars and the types of their results.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import py4j.java_gateway as gateway
import pytest
import sqlglot
from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from tests.python.support import worksheets
from throng.server.java import find_java
from throng.server.spark_home import JAVA_OPTIONS, wheel_folder
from throng.worksheets import FOLDER, WorksheetError, names, settings_of, worksheet

DIALECTS = ("spark", "hive", "athena")
#: Keys of order that every row has.
NEVER_NULL = {
    "area_id",
    "home_area_id",
    "new_home_area_id",
    "period_start",
    "to_area_id",
    "visit_area_id",
}
#: Functions that Spark, Hive and Athena have with the same name, arguments and result.
SAME_EVERYWHERE = {
    *(
        "ABS",
        "AND",
        "AVG",
        "CASE",
        "CAST",
        "TRY_CAST",
        "COUNT",
        "HOUR",
        "IF",
        "MAX",
        "MIN",
        "NULLIF",
        "OR",
    ),
    *("ROUND", "ROW_NUMBER", "SUM"),
}


def parsed(sql: str, dialect: str) -> exp.Expression:
    return sqlglot.parse_one(sql, read=dialect, error_level=sqlglot.ErrorLevel.RAISE)


@pytest.fixture(scope="module")
def columns(manifest):
    """What readers see: columns and their types by table."""
    return {
        "marts": {
            node["name"]: {name: told["data_type"] for name, told in node["columns"].items()}
            for node in manifest["nodes"].values()
            if node["resource_type"] == "model" and node["schema"] == "marts"
        }
    }


def test_there_are_worksheets():
    assert len(names()) >= 8


def test_worksheets_read_what_is_published_and_nothing_else(manifest):
    read = {
        node["name"]: node["depends_on"]["nodes"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "analysis" and "/worksheets/" in node["path"]
    }
    assert sorted(read) == names()
    for name, tables in read.items():
        schemas = {manifest["nodes"].get(table, {}).get("schema") for table in tables}
        assert schemas == {"marts"}, name


@pytest.mark.parametrize("name", names())
def test_dbt_compiles_a_worksheet_to_what_notebooks_ask(manifest, name):
    """What is tested here and over a server is what `make worksheets` writes."""
    [compiled] = [
        node["compiled_code"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "analysis" and node["name"] == name
    ]
    assert compiled.strip() == worksheet(name).strip()


@pytest.mark.parametrize("name", names())
def test_a_worksheet_says_what_it_answers_and_begins_with_its_settings(name):
    text = (FOLDER / f"{name}.sql").read_text()
    header, _, statement = text.partition("\nwith\n")
    parts = r"-- Question: .*\?\n--\n-- How to read it: .*\.\n--\n-- Traps:\n-- \* .*\.\n"
    assert re.fullmatch(parts, header, re.DOTALL)
    assert statement.startswith("\nsettings as (\n\n    -- Change here")
    assert settings_of(statement)
    # Shells look for the end of a statement and of a text in comments too.
    for comment in re.findall(r"--.*", text):
        assert not re.search(r"[;'\"`]", comment), comment


@pytest.mark.parametrize("name", names())
def test_three_dialects_read_the_same(name):
    """Each writes what it has read, and all three write the same."""
    written = set()
    for dialect in DIALECTS:
        tree = parsed(worksheet(name), dialect)
        functions = {function.sql_name() for function in tree.find_all(exp.Func)}
        assert functions <= SAME_EVERYWHERE, functions - SAME_EVERYWHERE
        text = tree.sql(dialect, comments=False, unsupported_level=sqlglot.ErrorLevel.RAISE)
        written.add(text.replace(" NULLS LAST", ""))  # where it is the default it is left out
        for key in tree.find_all(exp.Ordered):
            # Of those that may be null: nulls are first or last, by the engine.
            assert key.args.get("nulls_first") is False or key.this.name in NEVER_NULL, key.sql()
    assert len(written) == 1
    assert not re.search('["`]', written.pop())


@pytest.mark.parametrize("name", names())
def test_a_ratio_is_no_whole_number(name, columns):
    """Athena divides whole numbers as whole numbers; a decimal has its own digits everywhere."""
    tree = annotate_types(
        qualify(parsed(worksheet(name), "athena"), schema=columns, dialect="athena"),
        schema=columns,
        dialect="athena",
    )
    for division in tree.find_all(exp.Div):
        kinds = {side.type.this for side in (division.left, division.right)}
        assert exp.DType.DOUBLE in kinds, division.sql()
        assert exp.DType.DECIMAL not in kinds, division.sql()


def test_a_ratio_of_whole_numbers_would_be_seen(columns):
    sql = "select n_subscribers / 2 as half from marts.count_residents"
    tree = annotate_types(qualify(parsed(sql, "athena"), schema=columns), schema=columns)
    [division] = tree.find_all(exp.Div)
    assert exp.DType.DOUBLE not in {division.left.type.this, division.right.type.this}


@pytest.fixture(scope="module")
def hive_parser():
    """Hive's own, in a Java process that ends with the test."""
    java = find_java()
    port, token = gateway.launch_gateway(
        classpath=str(wheel_folder() / "jars" / "*"),
        java_path=str(java.binary),
        javaopts=JAVA_OPTIONS,
        die_on_exit=True,
        enable_auth=True,
    )
    parameters = gateway.GatewayParameters(port=port, auth_token=token)
    connection = gateway.JavaGateway(gateway_parameters=parameters)
    yield connection.jvm.org.apache.hadoop.hive.ql.parse.ParseDriver()
    connection.shutdown()


def test_hive_reads_every_worksheet(hive_parser):
    for name in names():
        assert "TOK_QUERY" in hive_parser.parse(worksheet(name)).dump(), name


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*) as date from marts.areas",
        "select area_id from marts.areas qualify row_number() over (order by area_id) = 1",
        "select count(*) filter (where is_suppressed) from marts.count_residents",
    ],
)
def test_hive_refuses_what_it_does_not_know(hive_parser, sql):
    with pytest.raises(Exception, match="ParseException"):
        hive_parser.parse(sql)


@pytest.fixture(scope="module")
def made():
    return worksheets.made_by_hand()


@pytest.mark.parametrize("name", names())
def test_a_worksheet_is_what_a_second_calculation_finds(made, name):
    """Each has numbers and, but for one, withheld ones; the real country is asked elsewhere."""
    actual = made.execute(worksheet(name, **worksheets.SETTINGS[name])).df()
    expected = made.execute(worksheets.EXPECTED[name]).df()
    worksheets.assert_same_answer(actual, expected)
    numbers = [column for column in actual if actual[column].dtype.kind == "f"]
    assert actual[numbers].notna().any().all()
    counts = [column for column in actual if column.endswith("withheld")]
    assert counts and (actual[counts].sum().sum() > 0) == (name != "residents_against_census")
    # Of the areas the list in force, not the one before it.
    labels = [column for column in actual if column.endswith("area_name")]
    assert all(label.startswith("name of ") for label in actual[labels].stack().dropna())


def test_what_is_unknown_of_one_area_is_unknown_of_the_country():
    made = worksheets.made_by_hand()
    rate = worksheet("residents_against_census", area_level="admin1")
    assert made.execute(rate).df()["against_country"].notna().all()
    for change in (
        "marts.areas set population = null where area_id = 'a11'",
        "marts.count_residents set n_subscribers = null, is_suppressed = true "
        "where area_id = 'a12'",
    ):
        made.execute("begin")
        made.execute(f"update {change}")
        answer = made.execute(rate).df()
        made.execute("rollback")
        assert answer["against_country"].isna().all()
        assert answer["per_1000"].notna().sum() == 2
        assert set(answer["n_areas_withheld"]) == {int("is_suppressed" in change)}


def test_where_nothing_emptied_nobody_left():
    made = worksheets.made_by_hand()
    flows = worksheet("flows_out", **worksheets.SETTINGS["flows_out"])
    assert len(made.execute(flows).df()) == 2
    made.execute("update marts.od_matrix_directed_all_pairs set n_subscribers = 50")
    assert made.execute(flows).df().empty


def test_settings_are_changed_and_nothing_else():
    before = worksheet("event_visitors")
    after = worksheet("event_visitors", area_level="admin3", event_from=date(2020, 2, 8))
    assert settings_of(after) == {
        "area_level": "'admin3'",
        "event_from": "cast('2020-02-08' as timestamp)",
        "event_until": settings_of(before)["event_until"],
    }
    changed = [
        (old, new)
        for old, new in zip(before.splitlines(), after.splitlines(), strict=True)
        if old != new
    ]
    assert len(changed) == 2
    assert "20 as first_night_hour" in worksheet("night_and_day_population")
    assert "7 as first_night_hour" in worksheet("night_and_day_population", first_night_hour=7)


def test_what_is_not_there_is_refused():
    with pytest.raises(WorksheetError, match="There are: before_during_after, "):
        worksheet("../../dbt_project")
    with pytest.raises(WorksheetError, match="It has: area_level, event_from, event_until"):
        worksheet("event_visitors", level="admin1")
    with pytest.raises(WorksheetError, match="not a name"):
        worksheet("event_visitors", area_level="x' or 'a' = 'a")


def test_the_folder_has_nothing_else():
    others = {path.name for path in Path(FOLDER).iterdir() if path.suffix != ".sql"}
    assert others == {".sqlfluff"}
