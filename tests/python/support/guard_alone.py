"""The guard of the reader server over many statements, and what Spark makes of those that pass.

python -m tests.python.support.guard_alone SETTINGS_JSON reads a JSON object a line, {"user": NAME,
"sql": TEXT}, and prints a JSON object for each: {"refused": SENTENCE}, {"error": TEXT}, or
{"parts": [...]} (PlanParts.java) of the plan that Spark has analysed. Nothing is run. The user
"nobody" stands for Spark's own parser. The process is that of the server, without its service.
"""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from throng.serve import driver
from throng.serve.settings import ServeSettings
from throng.server.java_classes import compile_classes
from throng.server.spark_home import class_path


def main() -> int:
    """Answer every statement of the input."""
    settings = ServeSettings.from_json(sys.argv[1])
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    conf = driver._spark_conf(settings, 0)
    SparkContext._ensure_initialized(conf=conf)
    jvm = SparkContext._jvm
    compile_classes(
        jvm,
        class_path(settings.run_folder / "spark_home"),
        (*driver._JAVA_FILES, Path(__file__).with_name("PlanParts.java")),
    )
    conf.set("spark.hadoop.fs.file.impl", "throng.LocalFiles")
    root = SparkSession(SparkContext(conf=conf))
    driver._install_guard(jvm, root)
    with contextlib.redirect_stdout(sys.stderr):  # answers alone go to stdout
        driver.Tables(root, settings).refresh()
    sessions = {"nobody": root._jsparkSession}
    for line in sys.stdin:
        asked = json.loads(line)
        user = asked["user"]
        if user not in sessions:
            sessions[user] = root._jsparkSession.newSession()
            jvm.throng.ReaderParser.register(sessions[user], user)
        print(json.dumps(_answer(jvm, sessions[user], asked["sql"])), flush=True)
    return 0


def _answer(jvm, session, sql: str) -> dict[str, object]:
    state = session.sessionState()
    try:
        plan = state.sqlParser().parsePlan(sql)
    except (Py4JJavaError, PySparkException) as error:
        return {_kind(error): _message(error)}
    try:
        default = getattr(state, "executePlan$default$2")()
        analysed = state.executePlan(plan, default).analyzed()
        return {"parts": jvm.throng.PlanParts.of(analysed).splitlines()}
    except (Py4JJavaError, PySparkException) as error:
        return {"error": _message(error)}


def _kind(error: Exception) -> str:
    is_refusal = "throng.ReaderParser$Refusal" in _message(error)
    return "refused" if is_refusal else "error"


def _message(error: Exception) -> str:
    """With the class, where pyspark has not made an exception of its own of it."""
    if isinstance(error, Py4JJavaError):
        thrown = error.java_exception
        return f"{thrown.getClass().getName()}: {thrown.getMessage()}"[:300]
    return f"{type(error).__name__}: {error}"[:300]


if __name__ == "__main__":
    sys.exit(main())
