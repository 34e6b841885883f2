"""Words that must not come back: the field has a term for what they meant here.

The terms are those of statistical disclosure control and of mobile network data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.python.conftest import PROJECT

PLACES = (
    *("models", "macros", "seeds", "analyses", "tests/generic", "tests/assert", "throng"),
    *("docs", "README.md", "CONTRIBUTING.md"),
)
SUFFIXES = {".sql", ".yml", ".md", ".py"}


@dataclass(frozen=True)
class Word:
    """pattern: regular expression, any case. instead: the field's term. example: a use to find."""

    pattern: str
    instead: str
    example: str


WORDS = {
    "twins": Word(r"\btwins?\b", "symmetry, exchangeable blocks", "one of the twins is attacked"),
    "portrait": Word(r"\bportraits?\b", "colour (colour refinement)", "blocks with one portrait"),
    "told": Word(
        r"\b(is|are|was|were|not)[ _]told\b(?! apart)", "published, suppressed", "where is_told"
    ),
    "tell of": Word(r"\btells? of\b", "reveal", "a mean that tells of one person"),
    "fair": Word(
        r"(?<![a-z])(un)?fair(?![a-z])",
        "passes the rules (minimum frequency, dominance)",
        "has_fair_values",
    ),
    "nobody alone": Word(r"\bnobody alone\b", "dominance", "and of nobody alone"),
    "withheld for others": Word(
        r"\bwithheld for others\b", "secondary suppression", "cells withheld for others"
    ),
    "too narrow": Word(r"\btoo narrow\b", "insufficient protection interval", "it is too narrow"),
    "programs": Word(
        r"(?<!linear )(?<!integer )\bprograms\b", "linear programs", "then programs find it"
    ),
    "habits": Word(r"\bhabits?\b", "phone use", "the folder habits"),
    "kind": Word(
        r"\bkinds? of (stop|relation|group|centre|day|split)|\bis_kind_|_kinds\b",
        "stop_type, relation_type, dimension, day_type",
        "one row per kind of stop",
    ),
    "antenna": Word(
        # Bandicoot's names of indicators keep its word.
        r"(?<!number_of_)(?<!entropy_of_)(?<!frequent_)antennas?(?![a-z])",
        "cell",
        "int_profile_antennas",
    ),
    "mast": Word(r"(?<![a-z])masts?(?![a-z])", "site", "the nearest mast"),
    "top-up": Word(r"\btop[- _]ups?(?![a-z])", "recharge", "every top-up once"),
}

EXCEPTIONS = {
    ("throng/release/commands.py", "too narrow"): "Heading of a column of the audit's table.",
    ("docs/privacy_attacks.md", "too narrow"): "The verdict as the audit prints it.",
    ("throng/serve/driver.py", "fair"): "The value of a setting of Spark.",
    ("docs/glossary.md", "antenna"): "Says what a cell is.",
    ("docs/glossary.md", "top-up"): "Says what a recharge is.",
    ("docs/definitions.md", "antenna"): "Bandicoot's word, where it differs from ours.",
    ("docs/definitions.md", "top-up"): "Says what a recharge is.",
}


def files() -> Iterator[Path]:
    for place in PLACES:
        path = PROJECT / place
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.suffix in SUFFIXES:
                yield file


def found(text: str) -> Iterator[tuple[int, str]]:
    """Line number and name of each listed word in a text, line by line."""
    for number, line in enumerate(text.splitlines(), 1):
        for name, word in WORDS.items():
            if re.search(word.pattern, line, re.IGNORECASE):
                yield number, name


def everything_found() -> Iterator[tuple[str, int, str]]:
    """File, line number and name of each listed word in the project."""
    for file in files():
        name = file.relative_to(PROJECT).as_posix()
        for number, word in found(file.read_text()):
            yield name, number, word


def test_words_that_must_not_come_back():
    assert not [
        f"{file}:{number}: '{word}': say {WORDS[word].instead}"
        for file, number, word in everything_found()
        if (file, word) not in EXCEPTIONS
    ]


def test_exceptions_are_needed():
    needed = {(file, word) for file, _, word in everything_found()}
    assert not set(EXCEPTIONS) - needed, "remove the exceptions that no file needs any more"


@pytest.mark.parametrize("name", WORDS)
def test_a_planted_word_is_found(name, tmp_path, monkeypatch):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "planted.sql").write_text(f"-- Fine.\n-- {WORDS[name].example}\n")
    monkeypatch.setattr(f"{__name__}.PROJECT", tmp_path)
    assert ("models/planted.sql", 2, name) in list(everything_found())


@pytest.mark.parametrize(
    "line",
    [
        "number_of_antennas, entropy_of_antennas",
        "two colours that can be told apart",
        "bounds by linear programs, then integer programs",
        "recharge_at: topup_datetime",
        "a fairly long mastery of one kind",
        "the affair stops up there",
    ],
)
def test_other_words_are_fine(line):
    assert not list(found(line))
