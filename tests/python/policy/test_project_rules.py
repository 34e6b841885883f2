"""The house rules, read off dbt's manifest: no server, no Spark."""

from __future__ import annotations

import csv
import re

import pytest
import yaml

from tests.python.conftest import PROJECT
from throng.udfs import REGISTRY

IDENTIFIERS = re.compile(
    r"(^|_)(subscriber_id|counterpart_id|msisdn|imsi|imei|iccid|caller|callee|recipient|hash"
    r"|token|email|cell_id|site_id)$"
)


QUARTILES = ("first_quartile_", "third_quartile_")


def models(manifest):
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def marts(manifest):
    return [model for model in models(manifest) if model["path"].startswith("marts/")]


def generic_tests(manifest, model):
    return {
        node["test_metadata"]["name"]: node["test_metadata"]["kwargs"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and node.get("attached_node") == model["unique_id"]
        and node.get("test_metadata")
    }


def test_there_are_the_twenty_one_marts(manifest):
    assert {model["name"] for model in marts(manifest)} == {
        "count_subscribers",
        "count_events",
        "total_subscribers",
        "count_residents",
        "od_matrix_directed_all_pairs",
        "od_matrix_directed_consecutive_pairs",
        "od_matrix_undirected_all_pairs",
        "count_visits_home_away",
        "count_home_relocations",
        "count_subscribers_single_area",
        "count_subscribers_home_area",
        "count_stops",
        "stay_durations",
        "day_rhythm",
        "journeys_od",
        "journeys_by_hour",
        "trip_distances",
        "listener_summary",
        "profile_summary",
        "profile_segments",
        "contact_matrix",
    }


def test_public_are_the_marts_and_only_they(manifest):
    public = {model["name"] for model in models(manifest) if model["access"] == "public"}
    assert public == {model["name"] for model in marts(manifest)}


def test_everything_else_is_private_to_the_pipeline(manifest):
    for model in models(manifest):
        assert model["group"] == "pipeline", model["name"]
        if not model["path"].startswith("marts/"):
            assert model["access"] == "private", model["name"]


def test_schemas_follow_layers(manifest):
    schema = {"staging": "staging", "intermediate": "protected", "marts": "marts"}
    for model in models(manifest):
        assert model["schema"] == schema[model["path"].split("/")[0]], model["name"]


def test_marts_have_a_contract_and_every_column_described(manifest):
    for mart in marts(manifest):
        assert mart["contract"]["enforced"], mart["name"]
        for column in mart["columns"].values():
            assert column["data_type"], (mart["name"], column["name"])
            assert column["description"].strip(), (mart["name"], column["name"])


def releases(manifest):
    found = {model["name"]: model for model in models(manifest)}
    return [(mart, found[f"release_{mart['name']}"]) for mart in marts(manifest)]


def test_marts_are_tested_by_key_and_against_the_ledger(manifest):
    for mart in marts(manifest):
        found = generic_tests(manifest, mart)
        assert {"primary_key", "release_is_immutable"} <= set(found), mart["name"]
        assert "n_subscribers" in mart["columns"]
        assert "is_suppressed" in mart["columns"]


def test_what_is_released_is_tested_before(manifest):
    for mart, release in releases(manifest):
        found = generic_tests(manifest, release)
        assert {"primary_key", "min_group_size", "suppressed_is_null", "no_identifiers"} <= set(
            found
        ), release["name"]
        assert f"ref('candidate_{mart['name']}')" in found["min_group_size"]["candidate"]
        # The head count is compared cell by cell: on the whole key, or cells would be mixed up.
        keys = generic_tests(manifest, mart)["primary_key"]["columns"]
        assert found["min_group_size"]["keys"] == found["primary_key"]["columns"] == keys
        measures = set(mart["columns"]) - set(keys) - {"is_suppressed"}
        # What needs more people than its row may be null in a published row, and only that.
        always = set(found["suppressed_is_null"]["measures"])
        sometimes = set(found["suppressed_is_null"].get("also_null_elsewhere", ()))
        assert always | sometimes == measures
        assert not always & sometimes
        assert "n_subscribers" in always


def test_what_is_released_is_its_candidate_less_what_is_withheld(manifest):
    for mart, release in releases(manifest):
        parents = {name.split(".")[-1] for name in release["depends_on"]["nodes"]}
        shared = {"int_study_periods", "int_area_list", "distance_bands"}
        # Sums are subtracted too, whatever the head counts: what is missing of a kind of groups.
        shared |= {"int_listener_groups", "int_listener_kinds"}
        # Likewise of the means of an indicator, and of a segment.
        shared |= {"int_profile_indicator_splits", "int_profile_means"}
        shared |= {"int_segments", "int_segment_means"}
        assert parents - shared == {f"candidate_{mart['name']}", "int_withheld_cells"}
        assert "macro.throng.has_min_group_size" in release["depends_on"]["macros"]


def test_means_medians_and_shares_have_the_tests_of_their_rule(manifest):
    """The table in CONTRIBUTING.md, by the names of columns."""
    for mart, release in releases(manifest):
        tests = [
            node["test_metadata"]
            for node in manifest["nodes"].values()
            if node["resource_type"] == "test"
            and node.get("attached_node") == release["unique_id"]
            and node.get("test_metadata")
        ]
        names = {test["name"] for test in tests}
        macros = {name.split(".")[-1] for name in release["depends_on"]["macros"]}
        means = [name for name in mart["columns"] if name.startswith("mean_")]
        medians = [name for name in mart["columns"] if name.startswith(("median_", *QUARTILES))]
        # Those not at zero are a share of the group, and ties that go both ways of all ties.
        shares = [
            name
            for name in mart["columns"]
            if name.startswith("share_") or name in ("n_nonzero", "reciprocity")
        ]
        # Calls between areas are a sum that one caller, or one who is called, may make up.
        sums = means or "n_interactions" in mart["columns"]
        assert ("dominance" in names) == bool(sums), mart["name"]
        assert ("complement_share" in names) == bool(shares), mart["name"]
        assert ("has_order_statistics_size" in macros) == bool(medians), mart["name"]
        if medians:
            [test] = [test for test in tests if test["name"] == "no_extremes"]
            assert test["kwargs"]["order_statistics"] == medians
            assert set(medians) <= set(
                *(
                    test["kwargs"]["also_null_elsewhere"]
                    for test in tests
                    if test["name"] == "suppressed_is_null"
                )
            )


def test_marts_are_what_was_released(manifest):
    for mart in marts(manifest):
        parents = [name.split(".")[-1] for name in mart["depends_on"]["nodes"]]
        assert sorted(parents) == [f"current_{mart['name']}", f"release_{mart['name']}"]


def test_every_relation_that_is_protected_is_registered_and_the_other_way_round():
    """What adds up must be attacked, and what is attacked as a sum must be protected."""
    with (PROJECT / "seeds/disclosure_relations.csv").open() as file:
        sums = {
            line["relation_id"]
            for line in csv.DictReader(file)
            if line["kind"] in ("sum", "sum_with_rest", "same_sum")
        }
    folder = PROJECT / "models/intermediate/disclosure"
    protected = set()
    for path in folder.glob("int_additive_groups_*.sql"):
        protected |= set(re.findall(r"'(\w+)' as relation_id", path.read_text()))
    # Residents of all levels are as many: the groups of residents_total in the study. Sums over
    # listeners: a group is published whole or not at all, and int_listener_kinds looks at the rest.
    elsewhere = {"residents_levels", "listeners_totals", "listeners_nonzero", "listeners_hours"}
    assert sums - elsewhere == protected


def test_the_threshold_is_written_in_one_macro():
    uses = [
        str(path.relative_to(PROJECT))
        for folder in ("models", "macros", "tests/generic", "tests/assert")
        for path in sorted((PROJECT / folder).rglob("*.sql"))
        if "var('min_group_size')" in path.read_text()
    ]
    assert uses == [
        "macros/checks/check_vars.sql",
        "macros/privacy/has_min_group_size.sql",
        "macros/release/record_build.sql",
        "tests/generic/min_group_size.sql",
    ]


def test_no_mart_column_is_an_identifier(manifest):
    for mart in marts(manifest):
        for column in mart["columns"]:
            assert not IDENTIFIERS.search(column), (mart["name"], column)


def test_every_model_says_its_grain(manifest):
    for model in models(manifest):
        assert "Grain:" in model["description"], model["name"]


def test_names_match_folders(manifest):
    for model in models(manifest):
        layer, *domains, _ = model["path"].split("/")
        name = model["name"]
        if layer == "staging":
            assert name.startswith(f"stg_{domains[-1]}__"), name
        elif layer == "intermediate":
            # What is rejected is read by operators, so it carries a plain name.
            prefixes = ("candidate_", "release_")
            plain = ("rejected_events", "rejected_listener_rows", "rejected_recharges")
            assert name.startswith(("int_", *prefixes)) or name in plain, name
            assert name.startswith(prefixes) == (
                domains[0] in ("mobility", "habits", "listeners")
            ), name
        else:
            assert not re.match("(stg|int|candidate|fct|dim)_", name), name


def test_candidates_and_marts_lie_in_folders_of_the_same_name(manifest):
    folders = {model["name"]: model["path"].split("/")[1:-1] for model in models(manifest)}
    for mart in marts(manifest):
        assert folders[mart["name"]] == folders[f"candidate_{mart['name']}"], mart["name"]
        assert folders[mart["name"]] == folders[f"release_{mart['name']}"], mart["name"]


def test_models_are_short():
    for path in (PROJECT / "models").rglob("*.sql"):
        assert len(path.read_text().splitlines()) <= 140, path


def test_columns_of_marts_are_described_by_shared_blocks(manifest):
    for mart in marts(manifest):
        for column in mart["columns"].values():
            assert column.get("doc_blocks"), (mart["name"], column["name"])


def test_no_model_has_more_than_seven_parents(manifest):
    """Beside its own parts: a union of int_x_a, int_x_b, ... called int_x is one thing."""
    for model in models(manifest):
        parents = {name.split(".")[-1] for name in model["depends_on"]["nodes"]}
        others = {name for name in parents if not name.startswith(f"{model['name']}_")}
        assert len(others) <= 7, model["name"]


def test_sources_are_read_where_they_come_in(manifest):
    """Staging reads landing, marts what was released, and one model what the audit asks for."""
    for model in models(manifest):
        parents = {name.split(".")[0] for name in model["depends_on"]["nodes"]} - {"seed"}
        if model["path"].startswith("staging/"):
            assert parents == {"source"}, model["name"]
        elif model["path"].startswith("marts/") or model["name"] == "int_withheld_cells":
            assert parents == {"model", "source"}, model["name"]
        else:
            # Of seeds alone: what marts tell of, whoever is in it.
            assert parents == {"model"} or model["name"] == "int_profile_indicator_splits"


def test_every_protected_table_says_for_how_long_it_is_kept(manifest):
    """By folder, in dbt_project.yml; without a class only what holds nothing about people."""
    classes = {
        model["name"]: model["config"]["meta"].get("retention", "none")
        for model in models(manifest)
        if model["schema"] == "protected"
        and model["config"]["materialized"] not in ("view", "ephemeral")
    }
    assert set(classes.values()) == {"none", "events", "subscriber", "candidates"}
    assert {name for name, kept in classes.items() if kept == "none"} == {
        "int_area_list",
        "int_area_pair_parents",
        "int_area_parents",
        "int_areas_by_level",
        "int_cell_site_versions",
        "int_listener_groups",
        "int_profile_indicator_splits",
        "int_study_periods",
        "int_study_window",
    }


def test_the_retention_test_reads_every_table_that_expires(manifest):
    [test] = [
        node
        for node in manifest["nodes"].values()
        if node["name"] == "assert_nothing_is_older_than_allowed"
    ]
    expiring = {
        model["unique_id"]
        for model in models(manifest)
        if model["config"]["materialized"] not in ("view", "ephemeral")
        and model["config"]["meta"].get("retention", "none") != "none"
    }
    parents = set(test["depends_on"]["nodes"])
    released = "source.throng.disclosure.published_cells"
    assert parents == expiring | {"model.throng.int_study_window", released}


def test_nothing_depends_on_today():
    today = re.compile(r"current_date|current_timestamp|\bnow\(|\brand\(", re.IGNORECASE)
    for folder in ("models", "macros"):
        for path in (PROJECT / folder).rglob("*.sql"):
            assert not today.search(path.read_text()), path


@pytest.mark.parametrize("udf", REGISTRY, ids=lambda udf: udf.sql_name)
def test_models_call_functions_only_through_macros(udf):
    for path in (PROJECT / "models").rglob("*.sql"):
        assert not re.search(rf"\b{udf.sql_name}\s*\(", path.read_text()), path


def test_the_start_check_asks_for_every_function_of_the_registry():
    text = (PROJECT / "macros/checks/check_udfs.sql").read_text()
    asked = re.search(r"for name in \[(.*?)\]", text, re.DOTALL)[1]
    assert re.findall(r"'(\w+)'", asked) == sorted(udf.sql_name for udf in REGISTRY)


def test_the_start_check_knows_every_var():
    declared = list(yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"])
    text = (PROJECT / "macros/checks/check_vars.sql").read_text()
    known = re.search(r"macro known_vars\(\).*?return\(\[(.*?)\]\)", text, re.DOTALL)[1]
    assert sorted(re.findall(r"'(\w+)'", known)) == sorted(declared)


def test_every_macro_that_a_model_calls_is_described_once():
    [described] = yaml.safe_load((PROJECT / "macros/_macros.yml").read_text()).values()
    names = [macro["name"] for macro in described]
    assert sorted(names) == sorted(set(names))
    written = {
        name
        for path in (PROJECT / "macros").rglob("*.sql")
        for name in re.findall(r"{%-? *macro (\w+)\(", path.read_text())
    }
    assert set(names) <= written
    used = "".join(path.read_text() for path in (PROJECT / "models").rglob("*.sql"))
    called = {name for name in written if re.search(rf"\b{name}\(", used)}
    assert called - set(names) == set()


def test_every_mart_is_in_the_readme(manifest):
    readme = (PROJECT / "README.md").read_text()
    for mart in marts(manifest):
        assert f"`{mart['name']}`" in readme, mart["name"]


def test_no_key_lies_in_the_project():
    secret = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{64}(?![0-9a-fA-F])")
    for path in PROJECT.rglob("*"):
        if not path.is_file() or path.relative_to(PROJECT).parts[0] in {
            ".git",
            ".venv",
            "data",
            "target",
            "logs",
        }:
            continue
        assert path.suffix != ".key", path
        if path.suffix in {".py", ".sql", ".yml", ".md", ".toml", ".sh", ".txt", ""}:
            assert not secret.search(path.read_text(errors="ignore")), path
