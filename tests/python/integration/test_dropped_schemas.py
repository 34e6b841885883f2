"""Whatever schema somebody drops, the next build makes it again."""

from __future__ import annotations

import pytest

from tests.python.conftest import WITHOUT_UNIT_TESTS, run_throng
from tests.python.integration.test_cases_of_files import execute, put

ACCEPTED = "select count(*) from protected.int_events_checked where event_date is not null"


@pytest.fixture(scope="module")
def landing(tmp_path_factory):
    lines = ["subscriber_id,event_at,cell_id"]
    lines += [f"{n},2020-02-{day:02} 20:{n:02}:00,c1" for n in range(1, 21) for day in (3, 4)]
    return put(tmp_path_factory.mktemp("landing"), events="\n".join([*lines, ""]))


@pytest.mark.long
@pytest.mark.parametrize("is_published", [False, True])
def test_each_schema_may_be_dropped(own, landing, is_published):
    env = own.env_over(landing)
    built = own.dbt("build", *WITHOUT_UNIT_TESTS, landing=landing)
    assert built.returncode == 0, built.stdout
    if is_published:
        for command in ("audit", "publish"):
            done = run_throng("release", command, env=env)
            assert done.returncode == 0, done.stdout + done.stderr
    for schema in ("marts", "staging", "landing", "protected", "released"):
        execute(own, f"drop schema {schema} cascade")
        built = own.dbt("build", *WITHOUT_UNIT_TESTS, landing=landing)
        assert built.returncode == 0, (schema, built.stdout)
        assert own.query(ACCEPTED) == [(40,)]
        own.query("select count(*) from marts.count_residents")
        done = run_throng("summary", env=env)
        assert done.returncode == 0, done.stderr
