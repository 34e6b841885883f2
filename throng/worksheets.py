"""The worksheets in analyses/worksheets: questions in SQL that Spark, Hive and Athena all take.

dbt compiles them (`make worksheets`); here they are filled in without dbt and without a server, for
notebooks, which ask them of other dates and areas.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "analyses" / "worksheets"
_MART = re.compile(r"\{\{ ref\('(\w+)'\) \}\}")
#: From the head of the CTE to the parenthesis that ends it, on a line of its own.
_SETTINGS = re.compile(r"^settings as \(\n.*?^\)", re.MULTILINE | re.DOTALL)
#: A value and its name. Nothing else in the CTE has this form.
_SETTING = re.compile(r"(?P<value>'[^'\n]*'|cast\('[^'\n]*' as timestamp\)|\d+) as (?P<name>\w+)")
_TEXT = re.compile(r"[\w .:-]*")

Value = str | int | date


class WorksheetError(Exception):
    """A worksheet or a setting that does not exist; the message says which do."""


def names() -> list[str]:
    """All worksheets, in the order of the alphabet."""
    return sorted(path.stem for path in FOLDER.glob("*.sql"))


def worksheet(name: str, **settings: Value) -> str:
    """The SQL of a worksheet, as dbt compiles it, with other values in its CTE `settings`.

    Args:
        name: that of its file, such as flows_out.
        settings: values by their names in the CTE; a date stands for its midnight.

    Returns:
        A statement that reads the schema marts, without a semicolon.

    Raises:
        WorksheetError: there is no such worksheet or setting, or a text has other characters than
            those of names of area levels.
    """
    if name not in names():
        raise WorksheetError(f"There is no worksheet {name}. There are: {', '.join(names())}.")
    sql = _MART.sub(r"marts.\1", (FOLDER / f"{name}.sql").read_text(encoding="utf-8"))
    known = settings_of(sql)
    unknown = sorted(set(settings) - set(known))
    if unknown:
        raise WorksheetError(
            f"{name} has no setting {', '.join(unknown)}. It has: {', '.join(known)}."
        )

    def changed(setting: re.Match[str]) -> str:
        key = setting["name"]
        return f"{_literal(settings[key])} as {key}" if key in settings else setting[0]

    return _SETTINGS.sub(lambda found: _SETTING.sub(changed, found[0]), sql, count=1)


def settings_of(sql: str) -> dict[str, str]:
    """The settings of a worksheet as SQL values, by name."""
    [found] = _SETTINGS.findall(sql)
    return {setting["name"]: setting["value"] for setting in _SETTING.finditer(found)}


def _literal(value: Value) -> str:
    if isinstance(value, date):
        return f"cast('{value:%Y-%m-%d}' as timestamp)"
    if isinstance(value, int):
        return str(value)
    if not _TEXT.fullmatch(value):
        raise WorksheetError(f"'{value}' is not a name: letters, digits, spaces and .:-_ are.")
    return f"'{value}'"
