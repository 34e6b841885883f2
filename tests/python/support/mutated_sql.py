"""SQL that nobody wrote: statements crossed with each other, and changed letter by letter.

Trees of sqlglot are crossed (a part of one statement takes the place of a part of another), so most
of what comes out is SQL; letters are changed in some. The same seed gives the same statements.
"""

from __future__ import annotations

import logging
import random
import re
from collections.abc import Iterator
from typing import NamedTuple

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

#: What readers send: the guard lets it through.
USUAL = (
    "select * from marts.count_residents",
    "select area_id, n_subscribers from count_residents where area_level = 'admin1' order by 2",
    "with r as (select * from marts.count_residents) select area_level, sum(n_subscribers) n, "
    "rank() over (order by sum(n_subscribers) desc) as place from r group by 1 having n > 5",
    "select a.area_id, j.mean_distance_km from marts.count_residents a left join "
    "marts.count_journeys j on a.area_id = j.from_area_id order by 2 desc nulls last limit 3",
    "select case when n_subscribers between 1 and 200 then 'few' else 'many' end, "
    "date_trunc('week', period_start), cast(n_subscribers as string) || ' people' "
    "from count_residents where area_id like 'area%' and area_level in ('admin1', 'admin2')",
    "select * from (select area_level, n_subscribers from count_residents) "
    "pivot (sum(n_subscribers) for area_level in ('admin1', 'admin2'))",
    "select * from values (1, 'a'), (2, 'b') as t (x, y) union all select 3, 'c'",
    "select area_id from marts.count_residents where exists "
    "(select 1 from count_journeys j where j.from_area_id = count_residents.area_id)",
    "select period, max(n_subscribers) over (partition by period) from marts.total_subscribers",
    "select count(*), count(distinct mart) from marts.releases where mart in "
    "(select mart from releases)",
    "select area_level, avg(n_subscribers) from count_residents group by cube (area_level, period)",
    "select coalesce(from_area_id, to_area_id), round(mean_distance_km, 1) from count_journeys "
    "except select area_id, n_subscribers from count_residents",
    "select lower(area_id), length(area_id), substring(area_id, 1, 3), current_date() "
    "from count_residents tablesample (50 percent)",
    "show tables in marts",
    "describe marts.count_residents",
    "show columns in count_residents",
    "use marts",
)
#: What takes the place of names and calls.
_NAMES = (
    "protected.int_homes",
    "released.ledger",
    "readers_1.count_residents__0",
    "readers_1.count_journeys__1",
    "spark_catalog.readers_1.count_residents__0",
    "csv.`/etc/passwd`",
    "text.`/etc/passwd`",
    "parquet.`/tmp`",
    "`text`.`/etc/passwd`",
    "marts.`count_journeys__0`",
    "global_temp.x",
    "marts.count_journeys",
    "marts.releases",
    "default.count_residents",
)
_CALLS = (
    "reflect('java.lang.System', 'getenv')",
    "java_method('java.lang.System', 'getenv', 'PATH')",
    "input_file_name()",
    "_metadata.file_path",
    "current_database()",
    "version()",
    "collect_list(area_id)",
    "explode(sequence(1, 1000000))",
    "repeat('x', 100000000)",
    "regexp_like(area_id, '(a+)+$')",
    "spark_partition_id()",
    "xpath_string('<a/>', 'a')",
    "from_json('[1]', 'array<int>')",
    "raise_error('x')",
    "aggregate(array(1), 0, (a, x) -> a + x)",
    "sum(n_subscribers)",
    "current_user()",
)
_WRAPPED = (
    "select * from ({}) as w",
    "with w as ({}) select * from w",
    "select 1 where exists ({})",
    "select * from marts.count_residents where area_id in ({})",
    "({}) union all ({})",
    "explain {}",
    "create table x as {}",
    "insert into marts.count_residents {}",
    "cache table x as {}",
    "create view v as {}",
    "describe query {}",
    "execute immediate '{}'",
    "select transform (a) using 'cat' from ({})",
    "select * from marts.releases r, lateral ({}) as w",
    "begin {}; end",
    "{}; {}",
    "select ({})",
)
_DIALECTS = ("spark", "hive", "databricks")
_LETTERS = "'\"`;()[]{}$\\/-*.,#@!%|&<>=~^:? \t\n\u0000\u00e9\u200bx0"


class Statement(NamedTuple):
    """A statement, and how it was made."""

    how: str
    sql: str


def statements(seed: int, number: int, hostile: tuple[str, ...]) -> Iterator[Statement]:
    """So many statements, made of what is usual and of what is hostile."""
    chance = random.Random(seed)
    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of each such Command
    texts = [text for text in (*USUAL, *hostile) if len(text) < 1000]
    trees = [tree for text in texts for tree in _trees(text)]
    usual = [tree for text in USUAL for tree in _trees(text)]
    makers = (
        ("crossed", lambda: _crossed(chance, chance.choice(usual), chance.choice(trees))),
        ("usual crossed", lambda: _crossed(chance, chance.choice(usual), chance.choice(usual))),
        ("renamed", lambda: _renamed(chance, chance.choice(usual))),
        ("called", lambda: _called(chance, chance.choice(usual))),
        ("wrapped", lambda: _wrapped(chance, chance.choice(texts), chance.choice(texts))),
        ("disguised", lambda: _disguised(chance, chance.choice(texts))),
        ("letters", lambda: _letters(chance, chance.choice(texts))),
    )
    made: set[str] = set()
    while len(made) < number:
        how, make = makers[chance.randrange(len(makers))]
        try:
            sql = make()
        except Exception:  # a tree that no parser makes: sqlglot fails in many ways to write it
            continue
        if chance.random() < 0.1:
            sql = _letters(chance, sql)
        if sql not in made:
            made.add(sql)
            yield Statement(how, sql)


def _trees(text: str) -> list[exp.Expression]:
    try:
        parsed = sqlglot.parse(text, read="spark")
    except (SqlglotError, RecursionError):
        return []
    # What sqlglot does not know is one Command, whose words are no tree.
    return [tree for tree in parsed if tree is not None and not isinstance(tree, exp.Command)]


def _crossed(chance: random.Random, one: exp.Expression, other: exp.Expression) -> str:
    """A part of the other in the place of a part of one, once or some times; mostly of its kind."""
    tree = one.copy()
    for _ in range(chance.randint(1, 3)):
        parts = [part for part in tree.walk() if part.parent is not None]
        if not parts:
            break
        part = chance.choice(parts)
        given = list(other.walk())
        alike = [piece for piece in given if _kind(piece) == _kind(part)]
        chosen = chance.choice(alike if alike and chance.random() < 0.9 else given).copy()
        part.replace(chosen)
    return tree.sql(chance.choice(_DIALECTS))


def _kind(part: exp.Expression) -> type:
    for kind in (exp.Query, exp.Table, exp.Condition):
        if isinstance(part, kind):
            return kind
    return type(part)


def _renamed(chance: random.Random, one: exp.Expression) -> str:
    tree = one.copy()
    for table in list(tree.find_all(exp.Table)):
        if chance.random() < 0.6:
            table.replace(exp.to_table(chance.choice(_NAMES), dialect="spark"))
    return tree.sql(chance.choice(_DIALECTS))


def _called(chance: random.Random, one: exp.Expression) -> str:
    tree = one.copy()
    columns = list(tree.find_all(exp.Column, exp.Literal))
    for column in chance.sample(columns, min(len(columns), chance.randint(1, 3))):
        call = sqlglot.parse_one(f"select {chance.choice(_CALLS)}", read="spark").expressions[0]
        if column.parent is not None:
            column.replace(call.copy())
    return tree.sql(chance.choice(_DIALECTS))


def _wrapped(chance: random.Random, one: str, other: str) -> str:
    wrap = chance.choice(_WRAPPED)
    texts = [one, other][: wrap.count("{}")]
    return wrap.replace("{}", "\ufffc").replace("\ufffc", texts[0], 1).replace("\ufffc", texts[-1])


def _disguised(chance: random.Random, text: str) -> str:
    """Other capitals, comments for blanks, names in backticks."""

    def blank(found: re.Match[str]) -> str:
        return chance.choice((" ", " ", "/**/", "\n", "/* x */", " -- x\n", "\t"))

    def word(found: re.Match[str]) -> str:
        name = found[0]
        change = chance.random()
        if change < 0.1:
            return f"`{name}`"
        return "".join(chance.choice((c.upper(), c)) for c in name) if change < 0.5 else name

    return re.sub(r"\b[a-zA-Z_]\w*\b", word, re.sub(r" ", blank, text))


def _letters(chance: random.Random, text: str) -> str:
    letters = list(text)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(letters) + 1)
        change = chance.random()
        if change < 0.4:
            letters.insert(place, chance.choice(_LETTERS))
        elif change < 0.7 and place < len(letters):
            del letters[place]
        elif place < len(letters):
            end = min(len(letters), place + chance.randint(1, 12))
            letters[place:place] = letters[place:end]
    return "".join(letters)
