"""The DDL of marts and the workgroup, as text: no server."""

from __future__ import annotations

import json

import pytest
import sqlglot
from sqlglot import exp
from typer.testing import CliRunner

from throng.cli import app
from throng.marts.ddl import DdlError, ddl, projection
from throng.marts.layout import Column, Mart, can_be_folder, folder_of, mart_of
from throng.marts.reading import read_mart
from throng.marts.workgroup import WorkgroupError, limit_of, workgroup

RESIDENTS = mart_of(
    "count_residents",
    [
        Column("period", "string", "Length of the period."),
        Column("period_start", "timestamp", "Beginning, local time; the first\nis the study's."),
        Column("area_level", "string"),
        Column("n_subscribers", "bigint", "Residents of the district's areas."),
    ],
    {"period": ["week", "study"], "area_level": ["admin2", "admin1", "admin 3"]},
    "Who lives here?",
)
RELEASES = mart_of("releases", [Column("release_id", "string"), Column("n_rows", "bigint")], {})
MARTS = [RESIDENTS, RELEASES]

ATHENA = r"""create database if not exists `throng`;

create external table `throng`.`count_residents` (
    `period_start` timestamp comment 'Beginning, local time, the first is the study\'s.',
    `n_subscribers` bigint comment 'Residents of the district\'s areas.'
)
comment 'Who lives here?'
partitioned by (
    `period` string comment 'Length of the period.',
    `area_level` string
)
stored as parquet
location 's3://bucket/some prefix/count_residents/'
tblproperties (
    'projection.enabled' = 'true',
    'projection.period.type' = 'enum',
    'projection.period.values' = 'study,week',
    'projection.area_level.type' = 'enum',
    'projection.area_level.values' = 'admin 3,admin1,admin2',
    'storage.location.template' = 's3://bucket/some prefix/count_residents/period=${period}/area_level=${area_level}/'
);

create external table `throng`.`releases` (
    `release_id` string,
    `n_rows` bigint
)
stored as parquet
location 's3://bucket/some prefix/releases/';
"""  # noqa: E501 (the text as it is printed)

HIVE = r"""create database if not exists `throng`;

create external table `throng`.`count_residents` (
    `period_start` timestamp comment 'Beginning, local time, the first is the study\'s.',
    `n_subscribers` bigint comment 'Residents of the district\'s areas.'
)
comment 'Who lives here?'
partitioned by (
    `period` string comment 'Length of the period.',
    `area_level` string
)
stored as parquet
location 'file:/some folder/count_residents/';

msck repair table `throng`.`count_residents`;

create external table `throng`.`releases` (
    `release_id` string,
    `n_rows` bigint
)
stored as parquet
location 'file:/some folder/releases/';
"""


def test_the_ddl_of_athena():
    assert ddl(MARTS, "athena", "s3://bucket/some prefix/", "throng") == ATHENA


def test_the_ddl_of_hive():
    assert ddl(MARTS, "hive", "file:/some folder", "throng") == HIVE


@pytest.mark.parametrize("text", [ATHENA, HIVE], ids=["athena", "hive"])
@pytest.mark.parametrize("dialect", ["athena", "hive"])
def test_a_parser_reads_every_statement(text, dialect):
    statements = [statement for statement in sqlglot.parse(text, read=dialect) if statement]
    assert len(statements) == text.count(";")
    _, residents, *_ = statements
    assert isinstance(residents, exp.Create)
    columns = [column.name for column in residents.find(exp.Schema).expressions]
    assert columns == ["period_start", "n_subscribers"]
    assert "Residents of the district's areas." in {
        comment.this.name for comment in residents.find_all(exp.CommentColumnConstraint)
    }


def test_replace_drops_each_table_first():
    text = ddl(MARTS, "hive", "hdfs:///marts", "d", replace=True)
    statements = text.removesuffix(";\n").split(";\n\n")
    assert [" ".join(statement.split()[:5]) for statement in statements] == [
        "create database if not exists",
        "drop table if exists `d`.`count_residents`",
        "create external table `d`.`count_residents` (",
        "msck repair table `d`.`count_residents`",
        "drop table if exists `d`.`releases`",
        "create external table `d`.`releases` (",
    ]


def test_every_partition_column_is_projected_and_in_the_template():
    properties = projection(RESIDENTS, "s3://b/count_residents/")
    for partition in RESIDENTS.partitions:
        name = partition.column.name
        assert properties[f"projection.{name}.type"] == "enum"
        assert f"/{name}=${{{name}}}/" in properties["storage.location.template"]
    folder = "s3://b/count_residents/" + folder_of(RESIDENTS.partition_names, ["week", "admin1"])
    template = properties["storage.location.template"]
    assert template.replace("${period}", "week").replace("${area_level}", "admin1") == f"{folder}/"


def test_a_mart_without_rows_has_nothing_to_project():
    columns = [Column("period", "string"), Column("n", "bigint")]
    empty = mart_of("empty", columns, {"period": []})
    assert empty.partition_names == ("period",)
    assert "tblproperties" not in ddl([empty], "athena", "s3://b/p", "throng")


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "a,b",
        "a/b",
        "a=b",
        "a%b",
        " a",
        "a ",
        "${a}",
        "it's",
        "__HIVE_DEFAULT_PARTITION__",
    ],
)
def test_a_column_stays_in_the_files_if_one_of_its_values_can_be_no_folder(value):
    assert not can_be_folder(value)
    columns = [Column("period", "string"), Column("area_level", "string"), Column("n", "bigint")]
    mart = mart_of("m", columns, {"period": ["day"], "area_level": ["admin1", value]})
    assert mart.partition_names == ("period",)
    assert [column.name for column in mart.columns] == ["area_level", "n"]


@pytest.mark.parametrize("value", ["day", "admin1", "admin 1", "1.5", "préfecture", "a-b_c"])
def test_other_values_are_folders(value):
    assert can_be_folder(value)


def test_a_partition_column_that_is_no_text_stays_in_the_files():
    mart = mart_of("m", [Column("period", "int"), Column("n", "bigint")], {})
    assert mart.partitions == ()


@pytest.mark.parametrize(
    ("dialect", "location", "said"),
    [
        ("athena", "/tmp/x", "Athena reads from s3://, such as s3://bucket/prefix."),
        ("athena", "hdfs://name/x", "Athena reads from s3://"),
        ("hive", "gs://b", "Hive reads from s3://, s3a://, hdfs:// or file:, such as"),
        ("hive", "file:x", "after file: a path begins with /"),
        ("athena", "s3:///x", "it names no bucket"),
        ("athena", "s3://b/${period}", "a location has no ${"),
        ("athena", "s3://b/\nx", "no line break"),
    ],
)
def test_a_location_that_cannot_be_read_is_refused(dialect, location, said):
    with pytest.raises(DdlError) as error:
        ddl(MARTS, dialect, location, "throng")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_names_and_locations_are_quoted():
    odd = Mart("od`d", (Column("sel`ect", "bigint", "a 'b' \\"),))
    text = ddl([odd], "athena", "s3://b/o'clock", "throng")
    assert "`throng`.`od``d` (\n    `sel``ect` bigint comment 'a \\'b\\' \\\\'" in text
    assert "location 's3://b/o\\'clock/od`d/'" in text


@pytest.mark.parametrize("name", ["", "a-b", "a`b", "a;b", "ä"])
def test_a_database_that_cannot_be_is_refused(name):
    with pytest.raises(DdlError, match="--database is "):
        ddl(MARTS, "hive", "s3://b/p", name)


class Cursor:
    """As much of PyHive's cursor as a mart is described by."""

    def execute(self, sql):
        if sql.startswith("describe extended marts.m"):
            self._rows = [
                ("period", "string", "How long."),
                ("n", "bigint", None),
                ("", "", ""),
                ("# Detailed Table Information", "", ""),
                ("Database", "marts", ""),
                ("Comment", "What it is.", ""),
            ]
        else:
            assert sql == "select distinct period from marts.m"
            self._rows = [("week",), ("day",)]

    def fetchall(self):
        return self._rows


def test_columns_comments_and_values_are_those_of_the_server():
    mart = read_mart(Cursor(), "m")
    assert mart.comment == "What it is."
    assert mart.columns == (Column("n", "bigint"),)
    [period] = mart.partitions
    assert period.column == Column("period", "string", "How long.")
    assert period.values == ("day", "week")


def run(*arguments):
    return CliRunner().invoke(app, ["ddl", *arguments])


def test_the_workgroup_is_enforced_limited_and_encrypted():
    told = json.loads(workgroup("throng", "s3://results/athena", "10GB"))
    settings = told["Configuration"]
    assert told["Name"] == "throng"
    assert settings["EnforceWorkGroupConfiguration"] is True
    assert settings["BytesScannedCutoffPerQuery"] == 10_000_000_000
    assert settings["ResultConfiguration"] == {
        "OutputLocation": "s3://results/athena/",
        "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"},
    }


def test_results_may_be_under_a_key_of_ones_own(tmp_path):
    out = tmp_path / "workgroup.json"
    done = run("--workgroup", "--results", "s3://r", "--kms-key", "arn:key", "--out", str(out))
    assert (done.exit_code, done.stdout) == (0, "")
    settings = json.loads(out.read_text())["Configuration"]["ResultConfiguration"]
    encryption = settings["EncryptionConfiguration"]
    assert encryption == {"EncryptionOption": "SSE_KMS", "KmsKey": "arn:key"}


@pytest.mark.parametrize(
    ("text", "limit"),
    [("10MB", 10_000_000), ("500 mb", 500_000_000), ("1.5TB", 1_500_000_000_000)],
)
def test_limits_are_understood(text, limit):
    assert limit_of(text) == limit


@pytest.mark.parametrize("text", ["9.9MB", "10", "10KB", "-1GB", "1e3GB", ""])
def test_limits_that_athena_would_not_take_are_refused(text):
    with pytest.raises(WorkgroupError, match=r"^--scan-limit is "):
        limit_of(text)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--dialect must be athena or hive."),
        (["--dialect", "presto"], "--dialect must be athena or hive, not 'presto'."),
        (["--dialect", "hive"], "Say where the files are: --location"),
        (["--dialect", "hive", "--location", "x"], "--location is 'x'"),
        (["--dialect", "hive", "--location", "s3://b", "--results", "s3://r"], "give --workgroup"),
        (["--workgroup"], "--workgroup needs a folder for results"),
        (["--workgroup", "--dialect", "athena"], "leave out marts, --dialect, --location and"),
        (["some_mart", "--workgroup", "--results", "s3://r"], "leave out marts, --dialect"),
        (["--workgroup", "--results", "file:/x"], "results of Athena go to S3"),
        (["--workgroup", "--results", "s3://r", "--name", "a b"], "--name is 'a b'"),
        (["--workgroup", "--results", "s3://r", "--out", "/no/such/x"], "cannot write /no/such/x"),
    ],
)
def test_what_contradicts_itself_is_one_sentence(arguments, said):
    done = run(*arguments)
    assert done.exit_code == 1
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("Error: ") and said in line
