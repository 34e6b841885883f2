"""Statements that nobody wrote, against the guard of the reader server: what passes is harmless."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter

import pytest

from tests.python.conftest import PROJECT
from tests.python.support.hostile import HOSTILE, all_filled
from tests.python.support.mutated_sql import USUAL, statements
from tests.python.support.readers import TABLES, USERS, Readers
from throng.serve import control
from throng.serve.settings import ServeSettings
from throng.server.java import find_java
from throng.server.processes import free_port

pytestmark = pytest.mark.long

SEED, NUMBER = 16, 24_000
CATALYST = "org.apache.spark.sql.catalyst."
#: Packages of what Spark makes of plain SQL, and the one class that reads a table.
PLAIN = (
    f"{CATALYST}plans.logical.",
    f"{CATALYST}expressions.",
    f"{CATALYST}analysis.",
    "org.apache.spark.sql.execution.datasources.LogicalRelation",
    "table readers_",
    "table spark_catalog.readers_",
)
#: Of these, what reads or says more than its tables, runs other code, or grows without bounds.
NEVER = (
    *("CallMethodViaReflection", "TryReflect", "InputFile", "SparkPartitionID", "Monotonically"),
    *("UDF", "Udf", "Script", "Generate", "Explode", "Stack", "XPath", "RaiseError"),
    *("JsonToStructs", "XmlToStructs", "CsvToStructs", "SchemaOf", "StringRepeat", "StringSpace"),
    *("StringLPad", "StringRPad", "Sequence", "ArrayRepeat", "RLike", "RegExp", "Regexp"),
    *("CollectList", "CollectSet", "Lambda", "HigherOrder", "CurrentDatabase", "CurrentCatalog"),
    *("SparkVersion", "Command", "Create", "Insert", "Append", "Overwrite", "Delete", "Update"),
    *("Merge", "Drop", "Alter", "Truncate", "Repartition", "Range", "Rand", "Sleep", "Variable"),
    *("Streaming", "UnionLoop", "Hint", "Metadata", "FileSource"),
)


@pytest.fixture(scope="module")
def guard(tmp_path_factory):
    """A process that answers statements by the guard, over the tables of the tests."""
    folder = tmp_path_factory.mktemp("guard")
    readers = Readers(folder, free_port())
    readers.prepare()
    settings = ServeSettings(
        folder=folder / "serve", roles=readers.roles, memory="1g", is_encrypted=False
    )
    control._make_folders(settings)
    environment = {
        **control._environment(settings, find_java()),
        "PYTHONPATH": os.pathsep.join([str(PROJECT)]),
    }
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            [sys.executable, "-m", "tests.python.support.guard_alone", settings.to_json()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environment,
            cwd=PROJECT,
        ) as process,
    ):

        def ask(user: str, sql: str) -> dict:
            process.stdin.write(json.dumps({"user": user, "sql": sql}) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
            assert answer, (folder / "log").read_text()[-2000:]
            return json.loads(answer)

        yield ask
        process.stdin.close()


def harm(parts: list[str], tables: set[str]) -> list[str]:
    """What in a plan is not for a reader of these tables."""
    return [
        part
        for part in parts
        if (part.startswith("table ") and part not in tables)
        or not part.startswith(PLAIN)
        or (
            not part.startswith("table ") and any(word in part.rpartition(".")[2] for word in NEVER)
        )
    ]


@pytest.fixture(scope="module")
def tables(guard) -> dict[str, set[str]]:
    """The tables behind the marts of each role."""
    found = {}
    for user in USERS:
        answers = [guard(user, f"select * from marts.{mart}") for mart in TABLES]
        found[user] = {
            part
            for answer in answers
            for part in answer.get("parts", [])
            if part.startswith("table ")
        }
    assert {user: len(names) for user, names in found.items()} == {"paula": 4, "carl": 4, "rita": 2}
    assert len(set.union(*found.values())) > 4
    return found


def test_what_is_usual_passes_and_does_no_harm(guard, tables):
    for sql in USUAL:
        answer = guard("paula", sql)
        assert harm(answer.get("parts", ["none"]), tables["paula"]) == [], (sql, answer)


def test_harm_is_seen_where_there_is_no_guard(guard, tables):
    """Most hostile statements that Spark can analyse at all are harm in the eyes of this test."""
    texts = [text for kind in HOSTILE.values() for text in kind if "{" not in text]
    answers = [guard("nobody", text) for text in texts]
    analysed = [answer["parts"] for answer in answers if "parts" in answer]
    harmless = [parts for parts in analysed if not harm(parts, tables["paula"])]
    assert len(analysed) > 60
    assert len(harmless) < 0.2 * len(analysed)


def test_of_twenty_thousand_statements_only_harmless_ones_pass(guard, tables):
    hostile = tuple(all_filled(canary="/etc/passwd", served="/tmp/x", folder="/tmp/y", port=1))
    users = list(USERS)
    seen, passed, refused = Counter(), Counter(), Counter()
    for n, statement in enumerate(statements(SEED, NUMBER, hostile)):
        user = users[n % len(users)]
        answer = guard(user, statement.sql)
        seen[statement.how] += 1
        if "parts" in answer:
            passed[statement.how] += 1
            assert harm(answer["parts"], tables[user]) == [], (SEED, user, statement, answer)
        refused[statement.how] += "refused" in answer
    print(f"statements {seen}; passed {passed}; refused by the guard {refused}")
    assert seen.total() >= 20_000
    # Else it would test Spark's parser only.
    assert passed.total() > 500
    assert refused.total() > 0.2 * seen.total()
