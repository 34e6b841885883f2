"""What the report finds in marts, asked of a few rows by hand."""

from __future__ import annotations

from throng.report.queries import FINDINGS, QUERIES


def asked(server, sql: str, mart: str, columns: str, rows: list[str]) -> list[tuple]:
    """The answer to a query if these were the rows of its mart."""
    values = f"(select * from values {', '.join(rows)} as made_up({columns}))"
    assert f"marts.{mart}" in sql
    return server.query(sql.replace(f"marts.{mart}", values))


def day(number: int) -> str:
    return f"timestamp'2020-02-{number:02d} 00:00:00'"


def events_of(days: dict[int, int], withheld: int | None = None) -> list[str]:
    """Two areas of admin1 with half of the events each, and four of admin2 that do not matter."""
    rows = []
    for number, n_events in days.items():
        for area in ("a", "b"):
            hidden = number == withheld and area == "b"
            half = "cast(null as int)" if hidden else n_events // 2
            rows.append(f"('day', {day(number)}, 'admin1', '{area}', {half}, {hidden})")
        for area in ("c", "d", "e", "f"):
            rows.append(f"('day', {day(number)}, 'admin2', '{area}', 1, false)")
        rows.append(f"('hour', {day(number)}, 'admin1', 'a', 1, false)")
    return rows


EVENT_COLUMNS = "period, period_start, area_level, area_id, n_events, is_suppressed"
USUAL = {1: 1000, 2: 1010, 3: 990, 4: 1004, 5: 996, 6: 1008}


def test_a_day_with_half_of_the_events_is_poor(server):
    found = asked(
        server, QUERIES["poor_days"], "count_events", EVENT_COLUMNS, events_of({**USUAL, 7: 500})
    )
    assert found == [("2020-02-07", 500, 50)]


def test_usual_days_and_a_slightly_lower_one_are_not_poor(server):
    days = {**USUAL, 7: 900}
    found = asked(server, QUERIES["poor_days"], "count_events", EVENT_COLUMNS, events_of(days))
    assert found == []


def test_a_day_of_which_a_part_is_withheld_is_not_called_poor(server):
    """Its sum would be too low for another reason."""
    rows = events_of({**USUAL, 7: 1000}, withheld=7)
    assert asked(server, QUERIES["poor_days"], "count_events", EVENT_COLUMNS, rows) == []


CHANGE_COLUMNS = "period_start, area_level, area_id, is_baseline, change_percent"


def changes(area: str, after: list[int | None], level: str = "admin1") -> list[str]:
    """Reference days with large changes, which do not count, and days after them."""
    rows = [f"({day(number)}, '{level}', '{area}', true, -90)" for number in (1, 2, 3)]
    for number, value in enumerate(after, start=4):
        shown = "cast(null as int)" if value is None else value
        rows.append(f"({day(number)}, '{level}', '{area}', false, {shown})")
    return rows


def test_the_area_that_emptied_or_filled_most_is_found(server):
    rows = [
        *changes("a", [-40, -50, -60]),
        *changes("b", [-10, -99, 5]),
        # Of most days nothing is known.
        *changes("c", [-95, None, None]),
        *changes("d", [10, 20, 400]),
        *changes("e", [-99, -99, -99], level="admin2"),
    ]

    def find(name: str) -> list[tuple]:
        sql = FINDINGS[name].format(level="admin1")
        return asked(server, sql, "count_subscribers_change", CHANGE_COLUMNS, rows)

    assert find("emptied") == [("a", -50.0, 3)]
    assert find("filled") == [("d", 20.0, 3)]


def test_where_nothing_fell_no_area_emptied(server):
    sql = FINDINGS["emptied"].format(level="admin1")
    rows = changes("a", [0, 0, 3])
    assert asked(server, sql, "count_subscribers_change", CHANGE_COLUMNS, rows) == []
