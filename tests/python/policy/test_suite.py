"""The two test commands: what is in which, so that no test and no promise falls between them."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.python.conftest import PROJECT, clean_environment
from tests.python.support import collected

#: What the README and the documents it points to promise, and a test of `make test` that checks it:
#: where its id begins. The ids begin in tests/python. Every mart has a test of its own, see below.
PROMISES = {
    "every number is what a second engine counts": (
        "integration/test_country_counted_again.py::test_a_candidate_is_what_a_second_engine_counts["
    ),
    "what is published is what was counted": (
        "integration/test_country_counted_again.py::"
        "test_what_may_be_published_is_what_a_second_engine_publishes["
    ),
    "only groups of 16 people or more are published": (
        "integration/test_synthetic_country.py::test_readers_see_what_was_audited["
    ),
    "small numbers cannot be worked out": "unit/test_disclosure_attack.py::",
    "tables of others can be audited": "unit/test_disclosure_command.py::",
    "nothing is seen before it was audited": (
        "integration/test_synthetic_country.py::"
        "test_a_build_shows_nothing_and_cannot_be_published_before_the_audit"
    ),
    "releases are listed and shown": (
        "integration/test_synthetic_country.py::test_a_release_is_listed_and_shown"
    ),
    "a release can be withdrawn": (
        "integration/test_synthetic_country.py::"
        "test_a_withdrawn_release_is_out_of_sight_and_in_the_ledger"
    ),
    "what is published is not changed": (
        "integration/test_synthetic_country.py::test_published_again_nothing_happens"
    ),
    "a mart is exported, and no other table": (
        "integration/test_synthetic_country.py::test_a_mart_is_exported_and_nothing_else"
    ),
    "exported files are the marts, to Hive": (
        "integration/test_synthetic_country.py::"
        "test_tables_of_hive_over_exported_files_are_the_marts"
    ),
    "the summary is right": "integration/test_synthetic_country.py::test_the_summary_is_right",
    "worksheets are what a second engine finds": (
        "integration/test_synthetic_country.py::test_a_worksheet_of_a_country_made_by_hand["
    ),
    "worksheets run unchanged in Beeline": (
        "integration/test_synthetic_country.py::test_a_worksheet_runs_in_beeline"
    ),
    "worksheets run unchanged in Hive": "unit/test_worksheets.py::test_hive_reads_every_worksheet",
    "worksheets run unchanged in Athena": (
        "unit/test_worksheets.py::test_three_dialects_read_the_same["
    ),
    # That they run is for make test-all: their packages are not in the set-up.
    "notebooks have no outputs": "policy/test_notebooks.py::test_a_notebook_has_no_outputs[",
    "the page shows what is published": (
        "integration/test_synthetic_country.py::test_the_report_shows_what_is_published"
    ),
    "the page asks nothing of the network": (
        "unit/test_report_page.py::test_each_area_is_drawn_and_withheld_ones_are_hatched"
    ),
    "the page is made of marts alone": (
        "unit/test_report_reads_marts.py::test_each_statement_reads_marts_only["
    ),
    "areas are published with the releases": (
        "integration/test_synthetic_country.py::test_the_areas_of_the_country_are_published"
    ),
    "every refused row has one reason": (
        "integration/test_synthetic_country.py::test_every_dirty_row_is_rejected_for_its_reason"
    ),
    "cells that were down are found": (
        "integration/test_synthetic_country.py::test_cells_that_were_down_are_found"
    ),
    "every row says whether its period is complete": (
        "integration/test_synthetic_country.py::test_every_row_says_whether_its_period_is_complete"
    ),
    "coverage and quality are made of published numbers": (
        "integration/test_synthetic_country.py::test_coverage_is_what_published_numbers_say"
    ),
    "a placeholder is nobody": (
        "integration/test_broken_inputs.py::test_a_value_is_read_or_refused_and_counted["
    ),
    "every row of the lists has an area or a reason": (
        "integration/test_lists.py::test_every_row_that_is_refused_has_a_reason"
    ),
    "a cell is in the area around it": (
        "integration/test_lists.py::test_towers_of_togo_are_where_geopandas_finds_them"
    ),
    "lists that contradict themselves stop": (
        "integration/test_lists.py::test_lists_that_contradict_themselves_stop_with_a_sentence_each"
    ),
    "reported files give their right value": "integration/test_cases_of_lists.py::test_07_",
    "what is too old goes, the published stays": (
        "integration/test_synthetic_country.py::"
        "test_what_is_too_old_goes_and_what_is_published_stays"
    ),
    "listeners are what plain Python counts": (
        "integration/test_synthetic_country.py::test_listeners_are_what_plain_python_says"
    ),
    "own column names and file formats": (
        "integration/test_cases_of_files.py::test_one_landing_with_all_that_is_read"
    ),
    "recharges are a feed": "integration/test_recharges.py::test_recharges_land",
    "no identifier goes below landing": (
        "integration/test_country_counted_again.py::test_no_raw_identifier_below_landing"
    ),
    "the key is nowhere to be read": (
        "integration/test_server.py::test_the_key_and_the_password_are_nowhere_to_be_read"
    ),
    "a study is under one key": (
        "integration/test_keys.py::test_a_study_across_two_keys_stops_before_any_model["
    ),
    "a destroyed key is refused": "integration/test_keys.py::test_a_destroyed_key_is_refused",
    "any Hive client can connect": (
        "integration/test_server.py::test_beeline_has_the_functions_and_the_same_settings"
    ),
    "the server is for this machine only": (
        "integration/test_server.py::test_nothing_listens_beyond_loopback"
    ),
    "readers see what is published and their role may see": (
        "integration/test_serve.py::test_a_role_sees_its_marts_and_levels"
    ),
    "no statement of a reader reaches anything else": (
        "integration/test_serve.py::test_nothing_that_is_not_released_comes_back["
    ),
    "readers have a release or a withdrawal soon": (
        "integration/test_serve.py::test_a_release_and_a_withdrawal_are_in_force_soon_and_never_mixed"
    ),
    "readers see the same in PostgreSQL": (
        "integration/test_serve_postgres.py::test_a_role_sees_its_marts_and_levels"
    ),
    "the reader server follows the build server": (
        "integration/test_serve_follow.py::test_a_copy_is_what_readers_see_and_is_made_once"
    ),
    # The build of this country is killed once, and a file lands after that.
    "a killed run does no harm": (
        "integration/test_country_counted_again.py::test_a_candidate_is_what_a_second_engine_counts["
    ),
    "one more file gives what all files at once give": (
        "integration/test_country_counted_again.py::"
        "test_rows_are_read_once_and_rejected_for_the_same_reasons"
    ),
    "a feed that has landed is read or named": (
        "integration/test_bad_input.py::test_a_feed_that_has_landed_and_is_not_named"
    ),
    "boundaries come as they are, any coordinate system": (
        "unit/test_areas_import.py::test_every_kind_of_file_in_any_coordinate_system["
    ),
    "sites that cannot be right are listed, not guessed": (
        "unit/test_sites_import.py::"
        "test_places_that_cannot_be_right_are_listed_by_row_and_not_guessed"
    ),
    "what does not fit is said in one sentence each, all at once": (
        "integration/test_cases_of_files.py::test_all_that_is_wrong_stops_the_build_at_once"
    ),
    "files are read as they come": (
        "integration/test_cases_of_files.py::test_one_landing_with_all_that_is_read"
    ),
    "an error is its reason, without Java's stack": (
        "integration/test_cases_of_files.py::"
        "test_a_file_that_breaks_in_the_middle_of_a_build_gives_its_reason"
    ),
    "a command says which server and warehouse it acts on": (
        "integration/test_server.py::test_which_server_and_warehouse_a_command_acts_on"
    ),
    "bad input gives one sentence": "integration/test_bad_input.py::test_a_var_that_cannot_work[",
    "the synthetic country is the same each time": (
        "unit/test_synth.py::test_same_seed_same_bytes["
    ),
}


def pytest_of(target: str) -> list[str]:
    """The options that a target of the Makefile gives to pytest."""
    makefile = (PROJECT / "Makefile").read_text()
    recipe = re.search(rf"(?m)^{target}:.*\n((?:\t.*\n)+)", makefile)[1]
    [options] = re.findall(r"-m pytest(.*)", recipe)
    return shlex.split(options)


@dataclass(frozen=True)
class Collection:
    """Ids of tests, from tests/python on.

    Attributes:
        every: all that there are.
        chosen: those of `make test`.
        long: those that are marked long.
    """

    every: frozenset[str]
    chosen: frozenset[str]
    long: frozenset[str]


@pytest.fixture(scope="module")
def collection(request, tmp_path_factory) -> Collection:
    """What pytest itself collects with the options of `make test`."""
    options = pytest_of("test")
    workers = options.index("--numprocesses")
    del options[workers : workers + 2]
    found = collected.FOUND
    if not is_run_with(request.config, options):
        file = tmp_path_factory.mktemp("collection") / "ids.json"
        done = subprocess.run(
            [
                *[sys.executable, "-m", "pytest", "--collect-only", "--quiet", *options],
                *["-p", "no:cacheprovider"],
            ],
            cwd=PROJECT,
            env=clean_environment(COLLECTED=str(file)),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        found = json.loads(file.read_text())
    return Collection(**{name: frozenset(ids) for name, ids in found.items()})


def is_run_with(config: pytest.Config, options: list[str]) -> bool:
    """Whether this run has these options, and all files of tests."""
    mark, expression = options
    assert mark == "-m"
    folders = {Path(config.invocation_params.dir, name) for name in config.args}
    everything = {PROJECT / name for name in config.getini("testpaths")}
    chosen_by = (config.option.markexpr, config.option.keyword, config.option.deselect)
    return chosen_by == (expression, "", None) and folders == everything


def test_every_test_is_in_make_test_or_marked_long(collection):
    print(f"make test: {len(collection.chosen)} tests; long: {len(collection.long)}")
    assert collection.chosen | collection.long == collection.every
    assert not collection.chosen & collection.long
    assert len(collection.chosen) + len(collection.long) == len(collection.every)
    assert collection.long and len(collection.chosen) > len(collection.long)


def test_make_test_all_leaves_nothing_out():
    """It gives pytest what `make test` gives, but for the choice of tests."""
    short, everything = pytest_of("test"), pytest_of("test-all")
    assert short == [*everything, "-m", "not long"]
    assert everything == ["--numprocesses", "2"]


def test_ci_runs_make_test():
    lines = (PROJECT / ".ci/run").read_text().splitlines()
    assert [line for line in lines if line.startswith("make")] == ["make test"]


def test_long_are_tests_of_a_server_comparisons_of_methods_large_pages_and_many_cases(collection):
    files = {test.partition("::")[0] for test in collection.long}
    others = {name for name in files if not name.startswith("integration/")}
    # Pages of 2,000 areas take as long as all others together; so do thousands of files. Of random
    # worlds and countries some are in make test.
    assert others == {
        "unit/test_forecasts.py",
        "unit/test_stops_against_truth.py",
        "unit/test_report_page.py",
        "unit/test_imports_of_mutated_files.py",
        "unit/test_landing_problems.py",
        "unit/test_disclosure_attack.py",
        "unit/test_synth.py",
    }


@pytest.mark.parametrize("promise", PROMISES)
def test_every_promise_of_the_readme_is_held_by_make_test(collection, promise):
    assert any(test.startswith(PROMISES[promise]) for test in collection.chosen)


def test_every_mart_is_published_once_in_make_test(collection, manifest):
    marts = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["path"].startswith("marts/")
    }
    published = {
        re.search(r"\[(\w+)\]", test)[1]
        for test in collection.chosen
        if "::test_readers_see_what_was_audited[" in test
    }
    assert published == marts
