"""The command line: which commands there are, and what each of them imports."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from throng.cli import COMMANDS, app, load

# Packages that take a tenth of a second or more to import.
HEAVY = {
    *("dbt", "duckdb", "highspy", "numba", "numpy", "pandas", "psycopg", "pyarrow", "pyhive"),
    *("pyogrio", "pyproj", "pyspark", "python_calamine", "scipy", "shapely", "sklearn", "sqlglot"),
}
SERVER = {"pyhive"}  # what a client of the server needs
IMPORTED = """
import sys
from throng.cli import app
try:
    app(sys.argv[1:])
except SystemExit as end:
    assert end.code == 0, end.code
print("imported", *{name.partition(".")[0] for name in sys.modules})
"""


def imported(*arguments):
    """The packages in memory after a command."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, *arguments], check=True, capture_output=True, text=True
    )
    assert "Usage: " in done.stdout
    [line] = [line for line in done.stdout.splitlines() if line.startswith("imported ")]
    assert "typer" in line.split()
    return set(line.split())


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        ("", set()),
        ("summary", SERVER),
        ("export", SERVER | {"pyarrow", "numpy"}),
        ("ddl", set()),
        ("scan-cost", set()),
        ("picture", SERVER),
        ("audit", set()),
        ("areas import", set()),
        ("sites import", set()),
        ("beeline", SERVER),
        ("bench", set()),
        ("server start", SERVER),
        ("keys list", set()),
        ("release audit", SERVER),
        ("superset start", SERVER),
        ("serve start", set()),
        ("synth", set()),
        ("synth listeners", set()),
    ],
)
def test_help_imports_nothing_heavy(arguments, allowed):
    assert not (imported(*arguments.split(), "--help") & HEAVY) - allowed


@pytest.mark.parametrize("name", COMMANDS)
def test_what_help_says_of_a_command_is_what_it_says_of_itself(name):
    described = get_command(app).commands[name]
    for width in (30, 50, 70, 200):
        assert described.get_short_help_str(width) == load(name).get_short_help_str(width)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_in_a_module_of_its_name_or_in_the_commands_of_a_package(name):
    module = COMMANDS[name].module
    assert module == f"throng.{name}" or module.endswith(".commands")


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_can_be_called(name):
    result = CliRunner().invoke(app, [name, "--help"])
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: root {name} ")


def test_an_unknown_command_is_refused_with_its_neighbour():
    result = CliRunner().invoke(app, ["sumary"])
    assert result.exit_code == 2
    assert "No such command 'sumary'. Did you mean 'summary'?" in result.stderr
