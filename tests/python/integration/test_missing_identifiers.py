"""A placeholder in the column of the subscriber is nobody: 15 people are not published as 16."""

from __future__ import annotations

import pytest

from tests.python.support.cases import case
from tests.python.support.inline import compiled
from tests.python.support.tiny_landing import landing_with

COUNTED = ["+candidate_count_subscribers", "+candidate_total_subscribers", "rejected_events"]
JUDGED = """
select area_id, n_subscribers, {{ has_min_group_size('n_subscribers') }}
from protected.candidate_count_subscribers
where period = 'week' and area_level = 'district'
"""


def counted(server, landing) -> dict[str, tuple[int, bool]]:
    """Of each area in the week: how many people, and whether that is enough to be published."""
    rows = server.query(compiled(server, JUDGED, landing))
    return {area: (n, is_enough) for area, n, is_enough in rows}


def rejected(server) -> set[tuple]:
    return set(
        server.query(
            "select reject_reason, rejected_value, count(*) from protected.rejected_events "
            "group by all"
        )
    )


@pytest.mark.parametrize(
    ("placeholder", "variables"),
    [
        ("\\N", {}),
        ('"000000"', {"pseudonymise": False}),
        ("Prepaid POOL", {"missing_identifiers": ["prepaid pool"]}),
    ],
)
@pytest.mark.long
def test_fifteen_people_and_a_placeholder_are_fifteen(server, tmp_path, placeholder, variables):
    lines = ["subscriber_id,event_at,cell_id,counterpart_id"]
    lines += [f"p{n % 15},2020-02-03 10:{n:02d}:00,c1,{placeholder}" for n in range(16)]
    lines.append(f"{placeholder},2020-02-03 11:00:00,c1,p0")
    landing = landing_with(tmp_path, events="\n".join([*lines, ""]))
    server.build_untested(landing, "--select", *COUNTED, **variables)
    assert counted(server, landing) == {"a1": (15, False)}
    assert rejected(server) == {("missing_subscriber", None, 1)}
    accepted = (
        "select count(subscriber_id), count(counterpart_id) from protected.int_events_checked "
        "where event_date is not null"
    )
    assert server.query(accepted) == [(16, 0)]


def test_a_null_as_hive_writes_it(server):
    """A reported case: 15 people, 16 people, and 18 rows of nobody in both areas."""
    landing, _ = case("06-null-written-as-backslash-N")
    server.build_untested(landing, "--select", *COUNTED)
    assert counted(server, landing) == {"A": (15, False), "B": (16, True)}
    assert rejected(server) == {("missing_subscriber", None, 18)}
    total = "select n_subscribers from protected.candidate_total_subscribers where period = 'week'"
    assert server.query(total) == [(31,)]


@pytest.mark.long
def test_listening_events_are_read_again_with_other_placeholders(server, tmp_path):
    """A file that was read with another list would keep the rows of who is nobody now."""
    landing = landing_with(
        tmp_path,
        events="subscriber_id,event_at,cell_id\np1,2020-02-03 10:00:00,c1\n",
        listening_events="e1,guest,t1,2020-02-03 10:00:00,1,10001\n",
    )
    built, feeds = ["--select", "+int_listening_events"], {"feeds": ["listening"]}
    row = "select reject_reason from protected.int_listening_events"
    server.build_untested(landing, *built, **feeds)
    assert server.query(row) == [(None,)]
    server.build_untested(landing, *built, **feeds, missing_identifiers=["Guest"])
    assert server.query(row) == [("missing_customer",)]
