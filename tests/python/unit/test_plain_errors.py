"""What is left of Java's errors, in a JVM without Spark's server."""

from __future__ import annotations

import pytest

MORE = "\nThe log of the server has the whole error: throng server logs"
STACK = "".join(f"\tat org.apache.spark.sql.Some.method{n}(Some.scala:{n})\n" for n in range(90))


@pytest.fixture(scope="module")
def reason(java):
    return java.jvm.throng.PlainErrors.reason


def hive(text: str) -> str:
    return f"org.apache.hive.service.cli.HiveSQLException: Error running query: {text}"


MISSING = "[TABLE_OR_VIEW_NOT_FOUND] The table `a`.`b` cannot be found. SQLSTATE: 42P01"
UNREADABLE = (
    "[FAILED_READ_FILE.NO_HINT] Encountered error while reading file file:///l/e.csv.gz. "
    "SQLSTATE: KD001"
)
SYNTAX = "[PARSE_SYNTAX_ERROR] Syntax error at or near 'x'. SQLSTATE: 42601 (line 1, pos 7)"
PYTHON = (
    "org.apache.spark.api.python.PythonException: Traceback (most recent call last):\n"
    '  File "/x/worker.py", line 1, in main\n    process()\n'
    "KeyError: 'k1'\n"
)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Cancelled", "Cancelled"),
        (
            hive(
                f"[TABLE_OR_VIEW_NOT_FOUND] org.apache.spark.sql.AnalysisException: {MISSING}; "
                "line 1 pos 14;\n'Project [*]\n+- 'UnresolvedRelation [a, b], [], false\n\n"
                + STACK
                + f"Caused by: org.apache.spark.sql.AnalysisException: {MISSING}; line 1 pos 14;\n"
                "'Project [*]\n+- 'UnresolvedRelation [a, b], [], false\n\n"
                + STACK
                + "\t... 36 more\n"
            ),
            f"{MISSING}; line 1 pos 14;{MORE}",
        ),
        (
            hive(
                "org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 in "
                "stage 3.0 failed 1 times, most recent failure: Lost task 0.0 in stage 3.0 (TID 3) "
                f"(host executor driver): org.apache.spark.SparkException: {UNREADABLE}\n{STACK}"
                f"Caused by: java.io.EOFException: Unexpected end of input stream\n{STACK}\n"
                f"Driver stacktrace:\n{STACK}"
                f"Caused by: org.apache.spark.SparkException: {UNREADABLE}\n{STACK}"
                f"Caused by: java.io.EOFException: Unexpected end of input stream\n{STACK}"
            ),
            f"{UNREADABLE}\nEOFException: Unexpected end of input stream{MORE}",
        ),
        (hive(f"{PYTHON}\n{STACK}Caused by: {PYTHON}\n{STACK}"), f"KeyError: 'k1'{MORE}"),
        (
            f"\n{SYNTAX}\n\n== SQL ==\n" + "select x x x\n" * 100,
            f"{SYNTAX}{MORE}",
        ),
        (
            hive(f"java.lang.OutOfMemoryError: Java heap space\n{STACK}"),
            f"OutOfMemoryError: Java heap space{MORE}",
        ),
        (hive(f"java.lang.NullPointerException\n{STACK}"), f"NullPointerException{MORE}"),
    ],
    ids=["plain", "missing table", "file", "python", "syntax", "memory", "no message"],
)
def test_the_reason_is_left(reason, text, left):
    assert reason(text) == left


def test_a_reason_is_never_long(reason):
    assert len(reason(hive("x" * 100_000)).splitlines()) <= 3
    assert len(reason(hive("[SOME] y\n" * 5_000))) < 2_000
