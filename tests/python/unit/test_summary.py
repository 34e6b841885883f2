"""What `throng summary` says of numbers that no small country has."""

from __future__ import annotations

import re

import pytest

from throng.summary import (
    _checked,
    _conclusion,
    _Mart,
    _quality,
    _short,
    _side_by_side,
    _warnings,
)


def plain(lines) -> list[str]:
    return [re.sub(r"\x1b\[\d+m", "", line) for line in lines]


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0"), (999_999, "999,999"), (1_000_000, "1.0 M"), (999_949_999, "999.9 M")],
)
def test_a_number_has_seven_characters_at_most(number, shown):
    assert _short(number) == shown
    assert len(shown) <= 7


def test_a_single_further_reason_has_its_own_line():
    four = [("a", 9), ("b", 5), ("c", 3), ("d", 1)]
    assert [line.split()[0] for line in plain(_checked("Events in", 82, four, ""))[3:]] == [
        *("a", "b", "c", "d")
    ]
    *_, last = plain(_checked("Events in", 82, [*four, ("e", 1)], ""))
    assert last.split()[:4] == ["other", "2", "(2", "reasons,"]


def test_columns_hold_every_mart_once():
    marts = [_Mart(f"mart_{n}", 100, 40, 50, 50) for n in range(5)]
    lines = plain(_side_by_side(marts))
    assert sorted(re.findall(r"mart_\d", " ".join(lines))) == [mart.name for mart in marts]
    assert all("50.0%" in line for line in lines[1:])
    assert len(lines) == 4
    assert len(plain(_side_by_side(marts[:1]))) == 2


def test_what_is_built_and_not_published_is_said():
    [seen, parts] = plain(_conclusion([_Mart("a", 100, 40, 50, 50)], 16))
    assert seen == "Readers see 50 of 100 table cells with people."
    assert parts == "40.0% have fewer than 16 people, 10.0% are withheld to protect those."
    [*_, notice] = plain(_conclusion([_Mart("a", 9, 0, 9, 9), _Mart("b", 9, 0, 9, 8)], 16))
    assert notice.startswith("Built otherwise than published: 1 of 2 marts. ")


def test_quality_is_said_in_two_lines():
    answers = {
        "count(distinct event_date)": (2,),
        "count(distinct source_file)": (0,),
        "cell_outages": (1,),
        "int_suspicious_subscribers": (1234,),
        "cell_quality": (40, 2, 1),
    }

    def query(sql: str) -> list[tuple]:
        [answer] = [row for words, row in answers.items() if words in sql]
        return [answer]

    built = {"int_event_quality", "cell_outages", "int_suspicious_subscribers", "cell_quality"}
    first, second = plain(_quality(query, built))
    assert first.split(maxsplit=1) == [
        "Quality",
        "2 unusual days, no unusual file, 1 day of cells down, 1,234 suspicious subscribers",
    ]
    assert "40 not in the list, 2 never seen, 1 moved" in second
    assert max(map(len, (first, second))) <= 104
    # A build that stopped early has not come so far.
    assert list(_quality(query, set())) == []


def test_a_subscriber_zero_is_said():
    """Nobody, unless people are numbered from 0: then the var is named that counts them."""

    def query(sql: str) -> list[tuple]:
        assert "rejected_value = '0'" in sql
        return [(rows,)]

    rows = 12
    [line] = plain(_warnings(query, {"rejected_events"}))
    assert line.split()[:3] == ["subscriber", "0", "12"]
    assert "set zero_is_a_person" in line
    rows = 0
    assert list(_warnings(query, {"rejected_events"})) == []
