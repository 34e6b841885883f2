"""The DDL of marts that lie in folders, as Athena or Hive takes it: text from text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from throng.marts.layout import Column, Mart

DIALECTS = ("athena", "hive")
_SCHEMES = {"athena": ("s3://",), "hive": ("s3://", "s3a://", "hdfs://", "file:")}
_DATABASE = re.compile(r"\w{1,255}", re.ASCII)


class DdlError(Exception):
    """What no DDL can be made of; the message says what is wrong and what to give."""


def ddl(
    marts: Iterable[Mart], dialect: str, location: str, database: str, *, replace: bool = False
) -> str:
    """Statements that make every mart a table of a database.

    Args:
        marts: as they lie below the location.
        dialect: one of DIALECTS.
        location: the folder that holds a folder for each mart.
        database: of the tables; made if there is none.
        replace: drop tables of these names first.

    Raises:
        DdlError: a location or a database that cannot be.
    """
    location = check_location(location, dialect)
    check_database(database)
    statements = [f"create database if not exists {_name(database)}"]
    for mart in marts:
        statements += _statements(mart, dialect, location, database, replace)
    return "\n\n".join(f"{statement};" for statement in statements) + "\n"


def check_location(location: str, dialect: str) -> str:
    """The location without a slash at its end.

    Raises:
        DdlError: it is none that the dialect can read.
    """
    schemes = _SCHEMES[dialect]
    scheme = next((scheme for scheme in schemes if location.startswith(scheme)), None)
    if scheme is None:
        reader = {"athena": "Athena reads", "hive": "Hive reads"}[dialect]
        raise DdlError(
            f"--location is '{location}': {reader} from {_listed(schemes)}, "
            f"such as {schemes[0]}bucket/prefix."
        )
    path = location[len(scheme) :]
    if scheme == "file:" and not path.startswith("/"):
        raise DdlError(f"--location is '{location}': after file: a path begins with /.")
    # hdfs:///path leaves the name node to the settings of the cluster.
    if scheme.startswith("s3") and not path.partition("/")[0]:
        raise DdlError(f"--location is '{location}': it names no bucket.")
    if "${" in location or re.search(r"[\x00-\x1f\x7f]", location):
        raise DdlError(f"--location is {location!r}: a location has no ${{ and no line break.")
    return location.rstrip("/")


def check_database(database: str) -> None:
    """Raises DdlError if this is no name of a database."""
    if not _DATABASE.fullmatch(database):
        raise DdlError(
            f"--database is '{database}': a name is made of letters (a to z), digits and _."
        )


def _statements(
    mart: Mart, dialect: str, location: str, database: str, replace: bool
) -> Iterator[str]:
    table = f"{_name(database)}.{_name(mart.name)}"
    if replace:
        yield f"drop table if exists {table}"
    yield "\n".join(_create(mart, table, dialect, f"{location}/{mart.name}/"))
    if dialect == "hive" and mart.partitions:
        yield f"msck repair table {table}"


def _create(mart: Mart, table: str, dialect: str, folder: str) -> Iterator[str]:
    yield f"create external table {table} ("
    yield _columns(mart.columns)
    yield ")"
    if mart.comment:
        yield f"comment {_comment(mart.comment)}"
    if mart.partitions:
        yield "partitioned by ("
        yield _columns(partition.column for partition in mart.partitions)
        yield ")"
    yield "stored as parquet"
    yield f"location {_text(folder)}"
    properties = projection(mart, folder) if dialect == "athena" else {}
    if properties:
        yield "tblproperties ("
        yield ",\n".join(f"    {_text(key)} = {_text(text)}" for key, text in properties.items())
        yield ")"


def projection(mart: Mart, folder: str) -> dict[str, str]:
    """Table properties from which Athena works out the folders, without asking a catalog.

    Args:
        mart: whose partitions they are. Of a mart without rows there is nothing to project.
        folder: of the mart, with a slash at its end.
    """
    if not mart.partitions or not all(partition.values for partition in mart.partitions):
        return {}
    properties = {"projection.enabled": "true"}
    template = folder
    for partition in mart.partitions:
        name = partition.column.name
        properties[f"projection.{name}.type"] = "enum"
        # White space would be a part of a value.
        properties[f"projection.{name}.values"] = ",".join(partition.values)
        template += f"{name}=${{{name}}}/"
    return {**properties, "storage.location.template": template}


def _columns(columns: Iterable[Column]) -> str:
    return ",\n".join(
        f"    {_name(column.name)} {column.kind}"
        + (f" comment {_comment(column.comment)}" if column.comment else "")
        for column in columns
    )


def _name(name: str) -> str:
    """A name as Hive quotes it."""
    return "`" + name.replace("`", "``") + "`"


def _text(text: str) -> str:
    """A text as Hive quotes it. A doubled quotation mark would end one text and begin another."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _comment(comment: str) -> str:
    """On one line; clients take a semicolon for the end of a statement."""
    return _text(" ".join(comment.split()).replace(";", ","))


def _listed(words: tuple[str, ...]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
