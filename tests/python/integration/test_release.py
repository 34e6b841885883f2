"""Build, attack, publish: what readers see, when, and what cannot make them see more.

The tests of this module are one story and run in this order.
"""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.python.conftest import (
    PROJECT,
    WITHOUT_UNIT_TESTS,
    Server,
    change,
    copy_project,
    run_throng,
)
from tests.python.support import edge_country, reference
from tests.python.support.marts import EVENT_MARTS

# Several builds and audits; test_synthetic_country.py publishes once.
pytestmark = pytest.mark.long

MARTS = list(reference.KEYS)
#: The place of is_suppressed in the rows of a mart; is_complete is the last.
IS_SUPPRESSED = -2
# A week: the attack on four takes minutes, and finds nothing of another kind.
STUDY = {
    "study_start": "2019-12-23",
    "study_end": "2019-12-29",
    "home_start": "2019-12-23",
    "home_end": "2019-12-29",
}


def release(server: Server, landing: Path, *arguments: str, project: Path = PROJECT):
    options = ["--vars", json.dumps(STUDY)] if arguments[0] in ("build", "audit") else []
    return run_throng(
        "release",
        *arguments,
        *options,
        env=server.env_over(landing),
        cwd=project,
    )


def seen(server: Server, mart: str) -> set[tuple]:
    """What a reader sees of a mart."""
    return set(server.query(f"select * from marts.{mart}"))


def add_late_events(landing: Path, people: int) -> None:
    """A file that comes after publication: new subscribers, each with one event at one cell."""
    rows = [
        {"subscriber_id": f"+99900{i:05}", "event_at": "2019-12-24 10:30:00", "cell_id": "N16"}
        for i in range(people)
    ]
    with (landing / "events" / f"late {people}.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, edge_country.EVENT_HEADER)
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def landing(tmp_path_factory):
    folder = tmp_path_factory.mktemp("landing")
    edge_country.write_edge_country(folder)
    return folder


def test_before_a_build_there_is_nothing_to_do(own, landing):
    for arguments in (["audit"], ["publish"], ["list"]):
        done = release(own, landing, *arguments)
        assert done.returncode == 1
        assert "throng release build" in done.stderr, done.stderr
        assert "Traceback" not in done.stderr


def build_gate(own: Server, landing: Path, project: Path = PROJECT) -> None:
    """Build again what decides and what follows, with the tests of its data."""
    gate = ["--select", "int_additive_members+", *WITHOUT_UNIT_TESTS]
    done = own.dbt("build", *gate, landing=landing, project=project, **STUDY)
    assert done.returncode == 0, done.stdout


def test_a_build_shows_nothing_to_readers(own, landing):
    built = release(own, landing, "build")
    assert built.returncode == 0, built.stdout
    for mart in MARTS:
        assert seen(own, mart) == set()
    assert "No release yet" in release(own, landing, "list").stdout


def test_a_relation_forgotten_in_sql_is_found_by_the_attack(own, landing, tmp_path):
    """The tests of the data are green, and the audit does not let it pass."""
    project = copy_project(tmp_path)
    file = project / "macros/disclosure/additive_groups.sql"
    line = "and not relation.suppressed_by "
    # One of the two alone is made up for by the other.
    forgotten = line + "and relation.relation_id not in ['visits_presence', 'visitors_presence'] "
    change(file, line, forgotten)
    build_gate(own, landing, project)
    attacked = release(own, landing, "audit", "--repairs", "0", project=project)
    assert attacked.returncode == 1, attacked.stdout
    assert "protected.disclosure_findings" in attacked.stderr
    found = own.query("select mart, keys, verdict from protected.disclosure_findings")
    assert "count_visits_home_away" in {mart for mart, *_ in found}
    keys = {keys for _, keys, _ in found}
    said = attacked.stdout + attacked.stderr + (own.warehouse / "server/server.log").read_text()
    assert not any(key in said for key in keys), "a cell is named outside the protected report"
    refused = release(own, landing, "publish")
    assert refused.returncode == 1
    assert "throng release audit" in refused.stderr


def test_what_was_attacked_is_published(own, landing):
    build_gate(own, landing)
    audited = release(own, landing, "audit")
    assert audited.returncode == 0, audited.stdout + audited.stderr
    assert "Passed" in audited.stdout
    published = release(own, landing, "publish")
    assert published.returncode == 0, published.stderr
    assert "Published as r0001" in published.stdout
    # Of profiles there may be nothing to publish: these are a few people in one week.
    for mart in MARTS:
        columns = ", ".join(row[0] for row in own.query(f"show columns in marts.{mart}"))
        assert seen(own, mart) == set(own.query(f"select {columns} from protected.release_{mart}"))
        assert any(not row[IS_SUPPRESSED] for row in seen(own, mart)), mart
    entries = own.query(
        "select mart, count(*), sum(n_rows), sum(n_suppressed), min(min_group_size), min(status), "
        "min(input_watermark), min(length(content_sha256)), min(mechanism) "
        "from released.ledger group by mart"
    )
    assert {entry[0] for entry in entries} == set(EVENT_MARTS)
    for mart, _, n_rows, n_suppressed, k, status, watermark, length, mechanism in entries:
        assert n_rows == len(seen(own, mart))
        assert n_suppressed == sum(row[IS_SUPPRESSED] for row in seen(own, mart))
        assert (k, status, length, mechanism) == (16, "published", 64, "threshold")
        assert str(watermark)[:10] == STUDY["study_end"]
    assert "r0001" in release(own, landing, "list").stdout
    shown = release(own, landing, "show", "r0001").stdout
    assert "count_residents" in shown
    assert "16 people or more" in shown


def test_published_again_nothing_happens(own, landing):
    before = {mart: seen(own, mart) for mart in EVENT_MARTS}
    done = release(own, landing, "publish")
    assert done.returncode == 0
    assert "Nothing new" in done.stdout
    assert before == {mart: seen(own, mart) for mart in EVENT_MARTS}
    assert "nothing to attack" in release(own, landing, "audit").stdout


def test_a_late_event_of_one_person_waits(own, landing):
    """Counted again; what decides is the people of the candidates."""
    before = {mart: seen(own, mart) for mart in EVENT_MARTS}
    add_late_events(landing, 1)
    counted = ["+candidate_count_residents", "+candidate_total_subscribers", "int_table_cells"]
    done = own.dbt("run", "--select", *counted, landing=landing, **STUDY)
    assert done.returncode == 0, done.stdout
    done = release(own, landing, "publish")
    assert done.returncode == 0, done.stderr
    assert "wait" in done.stdout
    assert before == {mart: seen(own, mart) for mart in EVENT_MARTS}
    (landing / "events" / "late 1.csv").unlink()


def test_late_events_of_twenty_people_are_a_revision(own, landing):
    before = seen(own, "count_residents")
    add_late_events(landing, 20)
    assert release(own, landing, "build").returncode == 0
    audited = release(own, landing, "audit")
    assert audited.returncode == 0, audited.stdout + audited.stderr
    # A publish that is killed on the way shows nothing and can be run again.
    killed = subprocess.Popen(
        [str(Path(sys.executable).parent / "throng"), "release", "publish"],
        env=own.env_over(landing),
        cwd=PROJECT,
        start_new_session=True,
    )
    copied = own.warehouse / "tables/released.db/count_residents/release_id=r0002"
    deadline = time.monotonic() + 300
    while not copied.exists() and killed.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert killed.poll() is None, "it ended before it had copied what the test waits for"
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    assert copied.exists()
    assert before == seen(own, "count_residents")
    done = release(own, landing, "publish")
    assert done.returncode == 0, done.stderr
    assert "Published as r0002" in done.stdout
    assert "revised" in done.stdout
    changed = seen(own, "count_residents") - before
    assert changed
    counts = {row[:-3]: row[-3] for row in before}
    for *keys, n_subscribers, is_suppressed, _ in changed:
        old = counts[tuple(keys)]
        assert is_suppressed or old is None or n_subscribers - old == 20
    states = dict(
        own.query("select release_id, max(status) from released.ledger group by release_id")
    )
    assert states == {"r0001": "superseded", "r0002": "published"}
    # Not one period stands in a mart twice.
    keys = ", ".join(reference.KEYS["count_subscribers"])
    twice = f"select {keys} from marts.count_subscribers group by {keys} having count(*) > 1"
    assert own.query(twice) == []


def test_a_small_difference_between_releases_is_seen(own, landing):
    tested = ["test", "--select", "published_cells_revision_delta"]
    assert own.dbt(*tested, landing=landing, **STUDY).returncode == 0
    own.query(
        "insert into protected.published_cells partition (release_id = 'r0003') "
        "select mart, period, period_start, table_cell, n_subscribers + 15, other_measures, "
        "people_key + 1 from protected.published_cells "
        "where release_id = 'r0002' and mart = 'total_subscribers'"
    )
    failed = own.dbt(*tested, landing=landing, **STUDY)
    assert failed.returncode == 1
    assert "published_cells_revision_delta" in failed.stdout
    own.query("alter table protected.published_cells drop partition (release_id = 'r0003')")


def test_what_was_published_cannot_be_changed_unnoticed(own, landing):
    tested = ["test", "--select", "ledger_immutable"]
    assert own.dbt(*tested, landing=landing, **STUDY).returncode == 0
    own.query(
        "insert into released.count_residents select period, period_start, area_level, 'forged', "
        "99, false, true, release_id from released.count_residents "
        "where release_id = 'r0001' and period = 'study' limit 1"
    )
    failed = own.dbt(*tested, landing=landing, **STUDY)
    assert failed.returncode == 1
    assert "FAIL 1 ledger_immutable" in failed.stdout


def test_a_withdrawn_release_is_out_of_sight_and_in_the_ledger(own, landing):
    unknown = release(own, landing, "withdraw", "r0009", "--reason", "a mistake")
    assert unknown.returncode == 1
    assert "There is no release r0009" in unknown.stderr
    before = seen(own, "count_subscribers")
    done = release(own, landing, "withdraw", "r0002", "--reason", "a cell list of 'last' year")
    assert done.returncode == 0, done.stderr
    after = seen(own, "count_subscribers")
    # What r0002 had revised does not come back as r0001 had it.
    assert after < before
    shown = release(own, landing, "show", "r0002").stdout
    assert "a cell list of 'last' year" in shown
