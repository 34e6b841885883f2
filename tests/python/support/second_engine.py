"""What each country is asked: are tables what the second engine counts, and is nobody in them."""

from __future__ import annotations

import re

import duckdb
import pandas as pd

from tests.python.conftest import Server
from tests.python.support import reference
from tests.python.support.reference import Expected
from tests.python.support.tables import assert_same, in_order, table

#: All but landing itself.
SCHEMAS = ("staging", "protected", "released", "marts")


def published(server: Server, mart: str, frame: pd.DataFrame) -> pd.DataFrame:
    """What may be published of a mart, after looking at the rest: every cell, null if withheld."""
    columns = [*frame.columns, "is_suppressed"]
    released = table(server, f"protected.release_{mart}", columns)
    measures = [name for name in frame if name not in reference.KEYS[mart]]
    hidden = released[released["is_suppressed"]]
    assert hidden[measures].isna().all(axis=None)
    keys = [name for name in frame if name not in measures]
    assert not released[keys].astype(str).duplicated().any()
    return released[~released["is_suppressed"]].drop(columns="is_suppressed")


def assert_published(found: pd.DataFrame, frame: pd.DataFrame, mart: str) -> None:
    """Every published row is what was counted; means and shares are the nearest rounded number."""
    rounded = [name for name in frame if name in reference.DECIMALS]
    exact = [name for name in frame if name not in rounded]
    keys = list(reference.KEYS[mart])
    both = pd.concat([in_order(found)[exact], in_order(frame)[exact]]).astype(str)
    assert both.duplicated().sum() == len(found), "a published row is not what was counted"
    if not rounded:
        return
    text = {"found": found, "frame": frame}
    text = {name: rows.assign(**rows[keys].astype(str)) for name, rows in text.items()}
    pairs = text["found"].merge(text["frame"], on=keys, suffixes=("", "_counted"))
    assert len(pairs) == len(found)
    for name in rounded:
        number, counted = (pairs[name + end].astype(float) for end in ("", "_counted"))
        unit = 10.0 ** -reference.DECIMALS[name]
        if name in reference.MAY_BE_WITHHELD_ALONE:
            assert not (number.notna() & counted.isna()).any(), name
        else:
            assert (number.isna() == counted.isna()).all(), name
        # Half a unit off may be rounded either way.
        assert ((number - counted).abs().dropna() <= unit / 2 + 1e-9).all(), name
        assert ((number / unit - (number / unit).round()).abs().dropna() < 1e-6).all(), name


def assert_release(
    server: Server, expected: Expected, mart: str, none_published: tuple[str, ...] = ()
) -> None:
    """Published are the cells of 16 people, but for those withheld to protect others."""
    frame = expected.marts(16)[mart]
    found = published(server, mart, frame)
    assert len(found) > 0 or mart in none_published, f"nothing of {mart} may be published"
    assert_published(found, frame, mart)
    cell = f"concat_ws(char(31), '{mart}', {', '.join(reference.KEYS[mart])})"
    [(withheld,)] = server.query(
        f"select count(*) from protected.candidate_{mart} where n_subscribers >= 16 "
        f"and {cell} in (select table_cell from protected.int_withheld_cells) "
        # What tells of one person the reference leaves out by its own rule.
        f"and {cell} not in (select table_cell from protected.int_table_cells where is_dominated)"
    )
    assert len(frame) == len(found) + withheld


def assert_homes(server: Server, expected: Expected) -> None:
    """Who lives where, person by person: the pseudonyms are recomputed with the key."""
    frame = expected.homes.copy()
    frame["subscriber_id"] = [server.pseudonym(who) for who in frame["subscriber_id"]]
    frame["key_id"] = "k1"
    frame = frame.rename(columns={"area_id": "home_area_id"})
    assert_same(table(server, "protected.int_home_areas", list(frame.columns)), frame)


def assert_not_below_landing(server: Server, identifiers: set[str]) -> None:
    """Not one identifier of the event files stands in any column of any table below.

    Tables are read as their files are on the disk, past the server. Views over the files of landing
    are asked of it; what other views show, these tables and views have.
    """
    texts = {}
    views = selects_of_views(server)
    for schema in SCHEMAS:
        for row in server.query(f"show tables in {schema}"):
            name = f"{schema}.{row[1]}"
            if name not in views:
                texts[name] = texts_of_files(server, name)
            elif reads_landing(name, views):
                texts[name] = texts_of_view(server, name)
    assert {"staging.stg_landing__events", "protected.int_events_placed"} < set(texts)
    assert sum(map(len, texts.values())) > 1000
    for name, values in texts.items():
        assert not values & identifiers, name


def selects_of_views(server: Server) -> dict[str, str]:
    """By name, what a view is the select of, with what the catalog says beside it."""
    return {
        f"{schema}.{name}": told
        for schema in SCHEMAS
        for _, name, _, told in server.query(f"show table extended in {schema} like '*'")
        if "\nType: VIEW\n" in told
    }


def reads_landing(name: str, views: dict[str, str]) -> bool:
    """Whether a view reads the files of landing itself, or by another view."""
    read = set(re.findall(r"\b\w+\.\w+\b", views[name])) - {name}
    return any(
        other.startswith("landing.") or (other in views and reads_landing(other, views))
        for other in read
    )


def assert_not_written(server: Server, identifiers: set[str]) -> None:
    """Neither an identifier nor the key is in what dbt and the server write."""
    long_enough = [raw for raw in identifiers if len(raw) >= 8]
    assert len(long_enough) > 50
    secrets = [*long_enough, *(key.hex() for key in server.keys().values())]
    written = [
        path
        for path in server.folder.rglob("*")
        if path.is_file() and {"target", "logs"} & set(path.parts)
    ]
    assert any(path.name == "manifest.json" for path in written)
    assert any(path.name == "dbt.log" for path in written)
    for path in [*written, server.warehouse / "server" / "server.log"]:
        text = path.read_text(errors="replace")
        assert not [secret for secret in secrets if secret in text], path


def may_hold_text(table: str, column: str, sql_type: str) -> bool:
    """A text; or a number with the name of an id, where a phone number could be kept as one."""
    # Every three digits with which a zip may begin, whoever listens.
    if column == "group_value":
        return False
    # A view of what landing holds: unknown cells stand there as they came. What is stored of them
    # is looked at in protected.
    if (table, column) == ("staging.stg_landing__events", "cell_id"):
        return False
    return sql_type in ("string", "varchar") or (sql_type == "bigint" and column.endswith("_id"))


def texts_of_view(server: Server, name: str) -> set[str]:
    described = server.query(f"describe {name}")
    columns = [c for c, sql_type, _ in described if may_hold_text(name, c, sql_type)]
    if not columns:
        return set()
    as_text = ", ".join(f"cast({column} as string)" for column in columns)
    texts = f"select explode(array({as_text})) as text from {name}"
    return {value for (value,) in server.query(f"select distinct text from ({texts})")}


def texts_of_files(server: Server, name: str) -> set[str]:
    schema, table = name.split(".")
    folder = server.warehouse / "tables" / f"{schema}.db" / table
    assert folder.is_dir(), name
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "_SUCCESS"]
    assert all(path.suffix == ".parquet" for path in files), name
    if not files:
        return set()
    rows = duckdb.read_parquet(f"{folder}/**/*.parquet", hive_partitioning=True)
    columns = [
        column
        for column, sql_type in zip(rows.columns, rows.types, strict=True)
        if may_hold_text(name, column, str(sql_type).lower())
    ]
    found: set[str] = set()
    for column in columns:
        texts = rows.project(f'cast("{column}" as varchar)').distinct().fetchall()
        found.update(value for (value,) in texts)
    return found
