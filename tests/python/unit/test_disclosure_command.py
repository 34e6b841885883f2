"""`throng audit`: what it prints, writes, refuses, and its exit codes."""

import stat

import pandas as pd
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from tests.python.unit.test_disclosure_attack import relation, table
from throng.cli import app
from throng.disclosure.audit import audit
from throng.disclosure.reading import read_tables
from throng.disclosure.relations import AuditError, parse_relations, read_relations


def run(*arguments):
    return CliRunner().invoke(app, ["audit", *map(str, arguments)])


HEADER = (
    "relation_id,relation_type,parent,parent_where,parent_measure,child,child_where,child_measure,"
    "keys,via,split,description\n"
)
DAILY = "events_hours,sum,events,period = 'day',n,events,period = 'hour',n,"
DAILY += "\"day=date_trunc('day', hour); area\",,,Events of the hours\n"


@pytest.fixture
def folder(tmp_path):
    """One area per verdict, one without an id."""
    (tmp_path / "relations.csv").write_text(HEADER + DAILY)
    lines = ["period,day,hour,area,n,is_suppressed"]
    for area, total in {"01": 103, "02": 130, "": 113, "04": 100}.items():
        lines.append(f"day,2020-02-03,,{area},{total},false")
        lines.append(f"hour,,2020-02-03 08:00:00,{area},100,false")
        hours = [9] if area == "01" else [9, 10]
        lines += [f"hour,,2020-02-03 {hour:02}:00:00,{area},,true" for hour in hours]
    (tmp_path / "published").mkdir()
    (tmp_path / "published" / "events.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_a_failing_audit_counts_what_fails_and_shows_no_cell(folder):
    result = run(folder / "published", "--relations", folder / "relations.csv")
    assert result.exit_code == 1
    head, counts, _, _, relation_counts, _, verdict, _ = result.stdout.splitlines()
    assert head.split() == ["Table", "hidden", "recovered", "narrow", "protected", "empty"]
    assert counts.split() == ["events.n", "7", "1", "2", "2", "2"]
    assert relation_counts.split() == ["events_hours", "7", "1", "2", "2", "2"]
    assert verdict.startswith("FAILED: of 7 hidden cells an outsider finds 1 exactly and 2 too")
    assert "2020" not in result.stdout


def test_what_protects_is_the_users_choice(folder):
    rules = ("--relations", folder / "relations.csv")
    result = run(folder / "published", *rules, "--min-width", 40)
    assert result.stdout.splitlines()[1].split()[2:] == ["1", "4", "0", "2"]
    result = run(folder / "published", *rules, "--rounded", "events=20")
    assert result.stdout.splitlines()[1].split()[2:] == ["0", "0", "7", "0"]
    assert result.exit_code == 0
    assert "Passed: none of 7 hidden cells can be worked out." in result.stdout


def test_failing_cells_go_into_a_private_file(folder):
    report = folder / "report.csv"
    report.write_text("old")
    report.chmod(0o644)
    rules = ("--relations", folder / "relations.csv")
    result = run(folder / "published", *rules, "--report", report, "--show", 1)
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    rows = pd.read_csv(report, dtype=str, keep_default_na=False).to_dict("records")
    assert [(row["row"], row["lower"], row["upper"], row["verdict"]) for row in rows] == [
        ("3", "3", "3", "recovered"),
        ("10", "0", "13", "narrow"),
        ("11", "0", "13", "narrow"),
    ]
    assert rows[1]["keys"] == "period=hour; day=null; hour=2020-02-03 09:00:00; area=null"
    assert {row["relations"] for row in rows} == {"events_hours"}
    assert result.stdout.count("area=") == 1


def test_a_repair_names_the_rows_to_hide(folder):
    target = folder / "repair.csv"
    result = run(folder / "published", "--relations", folder / "relations.csv", "--repair", target)
    assert result.exit_code == 1
    assert "the audit passes." in result.stdout
    rows = pd.read_csv(target)
    assert len(rows) == 2
    published = pd.read_csv(folder / "published" / "events.csv")
    published.loc[rows["row"] - 1, "n"] = None
    published.to_csv(folder / "published" / "events.csv", index=False)
    assert run(folder / "published", "--relations", folder / "relations.csv").exit_code == 0


def test_parquet_as_spark_writes_it_is_one_table(folder):
    frame = pd.read_csv(folder / "published" / "events.csv", parse_dates=["day", "hour"])
    spark = folder / "warehouse" / "events"
    for period, rows in frame.groupby("period"):
        (spark / f"period={period}").mkdir(parents=True)
        rows.drop(columns="period").to_parquet(spark / f"period={period}" / "part-0.parquet")
    for source in (spark, spark.parent):
        result = run(source, "--relations", folder / "relations.csv")
        assert result.stdout.splitlines()[1].split()[1:] == ["7", "1", "2", "2", "2"]


def test_a_table_that_no_relation_names_is_mentioned(folder):
    (folder / "published" / "other.csv").write_text("a,n\n1,2\n")
    result = run(folder / "published", "--relations", folder / "relations.csv")
    assert "No relation names other: nothing is checked there." in result.stderr


def test_files_of_every_engine_are_the_same_table(folder):
    path = folder / "published" / "events.csv"
    [from_csv] = read_tables([path]).values()
    rules = read_relations(folder / "relations.csv")
    first = audit({"events": from_csv}, rules).cells
    assert audit({"events": from_csv.to_pandas()}, rules).cells.equals(first)
    assert isinstance(from_csv, pa.Table)


WHOLE = table([100, 50], day=[1, 2])
PART = table([60, 40, 50], day=[1, 1, 2], area=["a", "b", "a"])
LINE = relation("sum", "whole", "part", "day")


@pytest.mark.parametrize(
    ("tables", "line", "message"),
    [
        ({"part": PART}, LINE, "names the table whole, which is not among part"),
        (
            {"whole": WHOLE[:1], "part": PART},
            LINE,
            "rows of part without a row in whole: 1, e.g.",
        ),
        (
            {"whole": WHOLE, "part": PART[:2]},
            LINE,
            "rows of whole without a row in part: 1, e.g.",
        ),
        (
            {"whole": WHOLE.assign(day=1), "part": PART},
            LINE,
            "do not tell the rows of whole apart, e.g. day=1",
        ),
        (
            {"whole": WHOLE, "part": PART.assign(n=[60, 41, 50])},
            LINE,
            "does not hold: places where released values contradict it: 1, e.g. whole (day=1)",
        ),
        (
            {"whole": WHOLE, "part": PART.assign(n=[60, 41, None])},
            LINE,
            "does not hold",
        ),
        ({"whole": WHOLE, "part": PART.assign(n=["60", "x", "1"])}, LINE, "part.n has the value x"),
        ({"whole": WHOLE, "part": PART.assign(n=[60, 39.5, 1])}, LINE, "has the value 39.5"),
        ({"whole": WHOLE, "part": PART.assign(n=[60, -1, 1])}, LINE, "has the value -1"),
        ({"whole": WHOLE, "part": PART.assign(n="<1")}, LINE, "has the value <1, and <1 cannot"),
        ({"whole": WHOLE, "part": PART.drop(columns="n")}, LINE, "part has no column n, which"),
        (
            {"whole": WHOLE, "part": PART},
            LINE | {"keys": "day=dya"},
            "Relation sum_whole_part cannot be read as SQL",
        ),
        (
            {"whole": WHOLE, "part": PART},
            LINE | {"child_where": "area in (select a from read_csv('/etc/passwd'))"},
            "Relation sum_whole_part cannot be read as SQL",
        ),
        (
            {"whole": WHOLE, "part": PART, "tree": pd.DataFrame({"x": [1]})},
            LINE | {"via": "tree"},
            "tree has no column in common with part",
        ),
        (
            {
                "whole": WHOLE,
                "part": PART,
                "tree": pd.DataFrame({"area": ["a", "a", "b"], "one": [1, 1, 1]}),
            },
            LINE | {"via": "tree"},
            "a row of part counts twice for the same row of whole",
        ),
        ({"whole": WHOLE, "part": 3}, LINE, "Table part is a int, not a frame"),
    ],
)
def test_what_does_not_fit_is_one_sentence(tables, line, message):
    with pytest.raises(AuditError, match=r"\.$") as error:
        audit(tables, parse_relations([line]))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_values_that_contradict_each_other_only_together_are_found():
    tables = {
        "cell": table([None] * 4, row=[0, 0, 1, 1], col=[0, 1, 0, 1]),
        "row": table([40, 20], row=[0, 1]),
        "col": table([31, 30], col=[0, 1]),
    }
    lines = [relation("sum", "row", "cell", "row"), relation("sum", "col", "cell", "col")]
    with pytest.raises(AuditError, match="Released values contradict each other at cell "):
        audit(tables, parse_relations(lines))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"relation_type": "total"}, "has the relation_type 'total'; known are sum,"),
        ({"relation_id": ""}, "has no relation_id"),
        ({"parent": ""}, "needs a parent; if nobody publishes the total, use same_sum"),
        ({"relation_type": "same_sum", "split": "a"}, "has no parent; empty it"),
        ({"relation_type": "same_sum", "parent": ""}, "needs a split"),
        ({"relation_type": "subset", "split": "a"}, "adds nothing up; empty split"),
        ({"parent_measure": ""}, "names no parent_measure"),
        ({"child": ""}, "names no child"),
        ({"keys": "day="}, "'day=' is no key"),
        ({"relation_type": "grows", "parent": "", "keys": ""}, "names no keys"),
    ],
)
def test_a_relation_that_means_nothing_is_one_sentence(line, message):
    with pytest.raises(AuditError, match=r"\.$") as error:
        parse_relations([LINE | line])
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--rounded", "x"), "--rounded must be like 10 or visits=10, not 'x'."),
        (("--rounded", "homes=10"), "A tolerance is given for homes, which is not among"),
        (("--min-width", "0"), "must be at least 1, not 0."),
        (("--lowest-below", "2"), "--lowest-below must be 0 or 1, not 2."),
        (("--report", "{folder}/no/report.csv"), "cannot write {folder}/no/report.csv: No such"),
        (("{folder}/missing.csv",), "There is no file {folder}/missing.csv."),
        (("{folder}/relations.csv", "{folder}/relations.csv"), "Two files hold a table relations"),
        (("--relations", "{folder}/none.csv"), "Cannot read the relations in {folder}/none.csv"),
        (("--relations", "{folder}/published/events.csv"), "have no column relation_id"),
    ],
)
def test_usage_errors_exit_with_two(folder, arguments, message):
    given = [argument.format(folder=folder) for argument in arguments]
    if "--relations" not in given:
        given += ["--relations", str(folder / "relations.csv")]
    result = run(folder / "published", *given)
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
    assert message.format(folder=folder) in result.stderr
    assert "Traceback" not in result.output


def test_a_relation_needs_its_type_by_name(folder):
    (folder / "relations.csv").write_text(HEADER.replace("relation_type", "kind") + DAILY)
    result = run(folder / "published", "--relations", folder / "relations.csv")
    assert result.exit_code == 2
    assert "have no column relation_type; the header must have relation_id, relation_type" in (
        result.stderr
    )


def test_relations_without_their_tables_are_left_out_on_purpose_only(folder):
    with (folder / "relations.csv").open("a") as file:
        file.write("residents_total,sum,total,,n,residents,,n,day,,,\n")
    rules = ("--relations", folder / "relations.csv")
    assert run(folder / "published", *rules).exit_code == 2
    result = run(folder / "published", *rules, "--skip-missing")
    assert result.exit_code == 1
    assert "Not used, since a table or a second release is missing: residents_total." in (
        result.stdout
    )
