"""What cannot work stops `dbt build` with one plain sentence, before any model is built."""

from __future__ import annotations

import pytest

from tests.python.conftest import WITHOUT_UNIT_TESTS, change, copy_project, run_throng
from tests.python.support.tiny_landing import AREAS, CELLS, stopped_with

DP = {"noise_mechanism": "dp_laplace", "dp_epsilon": 0.5, "dp_max_areas": 3}
WITH_STUDY = {**DP, "study_start": "2020-02-01", "study_end": "2020-02-02"}
EVENTS = "subscriber_id,event_at,cell_id\n1,2020-02-01 10:00:00,c1\n"


def long(*case: object):
    """A case of a rule that another case of `make test` shows already: dbt reads the whole project
    again for every var."""
    return pytest.param(*case, marks=pytest.mark.long)


@pytest.fixture
def landing(tmp_path):
    for name, text in {"events": EVENTS, "cell_sites": CELLS, "areas": AREAS}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "file.csv").write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"min_group_size": 1}, "The var min_group_size is 1; set it to a whole number of 2"),
        long(
            {"min_group_size": "many"}, "The var min_group_size is many; set it to a whole number"
        ),
        long({"min_group_size": True}, "The var min_group_size is True; set it to a whole number"),
        long(
            {"pseudonymise": "maybe"}, "The var pseudonymise is 'maybe'; set it to true or false."
        ),
        long(
            {"study_start": "2020-03-01", "study_end": "2020-02-01"},
            "The var study_end (2020-02-01) is before study_start (2020-03-01)",
        ),
        long(
            {"study_end": "2020-02-01", "home_end": "2020-02-02"},
            "The var study_end (2020-02-01) is before home_end (2020-02-02)",
        ),
        long(
            {"study_start": "2020-02-30"}, "The var study_start is '2020-02-30'; set it to a date"
        ),
        long({"study_start": "1 March"}, "The var study_start is '1 March'; set it to a date"),
        long({"min_grup_size": 20}, "There is no var 'min_grup_size'. The vars are: landing_path"),
        long(
            {"baseline_start": "2020-03-01", "baseline_end": "2020-02-01"},
            "The var baseline_end (2020-02-01) is before baseline_start (2020-03-01)",
        ),
        long(
            {"study_events": ["flood"]},
            "The var study_events is '['flood']'; set it to a list such as [{name: flood, from: ",
        ),
        long({"study_events": 5}, "The var study_events is '5'; set it to a list such as"),
        long(
            {"study_events": [{"name": "flood", "from": "2020-02-10"}]},
            "The event flood of the var study_events has no 'to'",
        ),
        long(
            {"study_events": [{"name": "flood", "from": "2020-02-10", "to": "10 March"}]},
            "The 'to' of the event flood (var study_events) is '10 March'; set it to a date",
        ),
        long(
            {"study_events": [{"name": "flood", "from": "2020-02-10", "to": "2020-02-01"}]},
            "The event flood of the var study_events ends (2020-02-01) before it begins",
        ),
        long(
            {
                "study_events": [
                    {"name": "flood", "from": "2020-02-10", "to": "2020-02-11", "areas": [7]}
                ]
            },
            "The var study_events has {'name': 'flood', 'from': '2020-02-10', 'to': '2020-02-11', ",
        ),
        long(
            {
                "study_events": [
                    {"name": "flood", "from": "2020-02-10", "to": "2020-02-11"},
                    {"name": "flood", "from": "2020-02-12", "to": "2020-02-13"},
                ]
            },
            "Two events of the var study_events have the same name.",
        ),
        long(
            {"event_columns": {"msisdn": "subscriber_id"}},
            "The var event_columns maps 'msisdn', which is no event column.",
        ),
        long(
            {"event_columns": {"subscriber_id": 5}},
            "The var event_columns maps subscriber_id to '5'; map it to the name of a column.",
        ),
        long(
            {"feeds": ["top-ups"]}, "The var feeds is '['top-ups']'; set it to a list of optional"
        ),
        long({"event_columns": "msisdn"}, "The var event_columns is 'msisdn'; set it to a map"),
        long(
            {"recharge_columns": []}, "The var recharge_columns is '[]'; set it to a map, such as {"
        ),
        long(
            {"event_timestamp_format": "sometimes"},
            "The var event_timestamp_format is 'sometimes'; set it to a Java pattern",
        ),
        long(
            {"event_delimiter": "||"}, "The var event_delimiter is '||'; set it to one character."
        ),
        long({"cell_site_columns": "lac"}, "The var cell_site_columns is 'lac'; set it to a map"),
        long({"area_columns": []}, "The var area_columns is '[]'; set it to a map, such as {"),
        long(
            {"study_timezone": "Nairobi"},
            "The var study_timezone is 'Nairobi'; set it to the name of a zone in the tz database",
        ),
        long(
            {"event_timestamp_format": "yyyy-MM-dd'T'HH:mm:ssXXX"},
            "The var event_timestamp_format is 'yyyy-MM-dd'T'HH:mm:ssXXX', with a time zone; "
            "set the",
        ),
        long(
            {"stop_radius_km": 0},
            "The var stop_radius_km is '0'; set it to a number of km above 0.",
        ),
        long(
            {"missing_identifiers": "unknown"},
            "The var missing_identifiers is 'unknown'; set it to a list of texts in quotes",
        ),
        long(
            {"missing_identifiers": ["unknown", 999]},
            "The var missing_identifiers is '['unknown', 999]'; set it to a list of texts",
        ),
        long(
            {"missing_identifiers": None}, "The var missing_identifiers is 'None'; set it to a list"
        ),
        long(
            {"pingpong_minutes": -1},
            "The var pingpong_minutes is '-1'; set it to a number of minutes, 0 or more.",
        ),
        long(
            {"trace_max_events": 2.5},
            "The var trace_max_events is '2.5'; set it to a whole number from 1 to 10000000",
        ),
        long(
            {"subscriber_buckets": 0},
            "The var subscriber_buckets is '0'; set it to a whole number from 1 to 10000.",
        ),
    ],
    ids=str,
)
def test_a_var_that_cannot_work(server, landing, variables, said):
    done = server.dbt("build", landing=landing, is_read_anew=True, **variables)
    assert stopped_with(done).startswith(said)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        long({"rounding_base": 1}, "The var rounding_base is 1; set it to"),
        long({"rounding_base": -10}, "The var rounding_base is -10; set it to"),
        long({"noise_mechanism": "gauss"}, "set it to none, cell_key or dp_laplace"),
        long({"noise_mechanism": "cell_key", "min_group_size": 5}, "set it to 6 or more"),
        long({**WITH_STUDY, "dp_epsilon": 0}, "set it to a number above 0"),
        long({**WITH_STUDY, "dp_max_areas": 0}, "set it to a whole number of 1 or more"),
        (DP, "set study_start and study_end"),
    ],
)
def test_an_option_that_cannot_work_gives_one_sentence(server, tmp_path, options, sentence):
    done = server.dbt("run-operation", "check_vars", landing=tmp_path, is_read_anew=True, **options)
    assert done.returncode != 0
    assert sentence in " ".join(done.stdout.split())


def test_no_landing_folder(server, landing):
    said = stopped_with(server.dbt("build", landing=landing / "nowhere"))
    assert said.startswith(f"The landing folder {landing / 'nowhere'} does not exist.")


def test_an_empty_landing_folder(server, tmp_path):
    done = server.dbt("build", landing=tmp_path)
    assert stopped_with(done).startswith("The landing folder has no files in events/ (")
    for name in ("events", "cell_sites", "areas"):
        assert f"The landing folder has no files in {name}/ ({tmp_path}/{name})." in done.stdout


def test_a_mapped_column_that_no_file_has(server, landing):
    columns = {"subscriber_id": "msisdn"}
    said = stopped_with(server.dbt("build", landing=landing, event_columns=columns))
    assert said.startswith("events/file.csv has no column 'msisdn'; it has subscriber_id,")


def test_a_feed_that_has_landed_and_is_not_named(server, landing):
    """Files that nobody reads are not passed over in silence."""
    (landing / "recharges").mkdir()
    (landing / "recharges/file.csv").write_text("subscriber_id,recharge_at,amount\n")
    said = stopped_with(server.dbt("build", landing=landing))
    assert said.startswith("recharges/ has landed in ")
    assert said.endswith("Add it, as in feeds: [recharges], or take the folder away.")


def test_another_delimiter(server, landing):
    """One that somebody has named has to be the right one."""
    (landing / "events/file.csv").write_text(EVENTS.replace(",", ";"))
    said = stopped_with(server.dbt("build", landing=landing, event_delimiter=","))
    assert said.startswith("events/file.csv separates its columns by semicolons, not by ','")


@pytest.mark.long
def test_another_encoding(server, landing):
    (landing / "events/file.csv").write_text(EVENTS, encoding="utf-16")
    said = stopped_with(server.dbt("build", landing=landing))
    assert said.startswith("events/file.csv is not UTF-8 text (it looks like UTF-16).")


def test_a_function_that_the_server_lacks(server, landing, tmp_path_factory):
    """A project newer than its server: the check asks for a function that is not there."""
    project = copy_project(tmp_path_factory.mktemp("newer"))
    check = project / "macros/checks/check_udfs.sql"
    change(check, "'pseudonymise'", "'of_tomorrow', 'pseudonymise'")
    said = stopped_with(server.dbt("build", landing=landing, project=project))
    assert said.startswith("The server lacks the Python function 'of_tomorrow'.")


@pytest.mark.long
def test_a_build_of_nothing_is_no_success(server, landing):
    """A time format that fits no row: every event is refused, the build says so, and why is there
    to be read."""
    (landing / "events/file.csv").unlink()
    text = EVENTS.replace(
        "2020-02-01 10:00:00", "01.02.2020 10:00"
    )  # the other is read as ISO 8601
    (landing / "events/refused.csv").write_text(text)
    done = server.dbt(
        "build", *WITHOUT_UNIT_TESTS, landing=landing, event_timestamp_format="dd/MM/yyyy HH:mm"
    )
    assert done.returncode == 1
    said = "No event was accepted: 1 unparsable_time. See protected.rejected_events for each row."
    assert said in done.stdout
    assert "created sql released model marts." not in done.stdout
    why = "select source_file, reject_reason, rejected_value from protected.rejected_events"
    assert server.query(why) == [("refused.csv", "unparsable_time", "01.02.2020 10:00")]
    summary = run_throng("summary", env=server.env)
    assert "Traceback" not in summary.stderr
    assert "none: no event accepted" in summary.stdout


@pytest.mark.long
def test_areas_that_go_round_stop_the_marts(server, landing):
    (landing / "areas/file.csv").write_text(AREAS.replace("A,", "A,a2") + "a2,region,B,a1\n")
    done = server.dbt("build", *WITHOUT_UNIT_TESTS, landing=landing)
    assert done.returncode == 1
    assert "int_areas_by_level_primary_key" in done.stdout.split("Completed with")[1]
    assert "created sql released model marts." not in done.stdout
