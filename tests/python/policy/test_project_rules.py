"""The house rules, read off dbt's manifest: no server, no Spark."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.python.conftest import PROJECT, VARS_OF_THE_GRAPH, parsed
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


def serving(manifest):
    """What readers need beside the marts: views on published things."""
    return [model for model in models(manifest) if model["path"].startswith("serving/")]


def for_readers(manifest):
    return [*marts(manifest), *serving(manifest)]


def generic_tests(manifest, model):
    return {
        node["test_metadata"]["name"]: node["test_metadata"]["kwargs"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and node.get("attached_node") == model["unique_id"]
        and node.get("test_metadata")
    }


def test_public_is_what_is_for_readers_and_only_that(manifest):
    public = {model["name"] for model in models(manifest) if model["access"] == "public"}
    assert public == {model["name"] for model in for_readers(manifest)}


def test_everything_else_is_private_to_the_pipeline(manifest):
    for model in models(manifest):
        assert model["group"] == "pipeline", model["name"]
        if not model["path"].startswith(("marts/", "serving/")):
            assert model["access"] == "private", model["name"]


def test_schemas_follow_layers(manifest):
    schema = {
        "staging": "staging",
        **dict.fromkeys(("intermediate", "candidates", "disclosure"), "protected"),
        "marts": "marts",
        "serving": "marts",
    }
    for model in models(manifest):
        assert model["schema"] == schema[model["path"].split("/")[0]], model["name"]


def test_marts_have_a_contract_and_every_column_described(manifest):
    for mart in for_readers(manifest):
        assert mart["contract"]["enforced"], mart["name"]
        for column in mart["columns"].values():
            assert column["data_type"], (mart["name"], column["name"])
            assert column["description"].strip(), (mart["name"], column["name"])


RULES = {
    "head_count",
    "number",
    "rough_count",
    "mean",
    "moment",
    "order_statistic",
    "share",
    "ratio",
    "exact_sum",
}


def declaration(mart):
    return mart["config"]["meta"]


def test_events_alone_build_few_nodes(events_manifest):
    """Each node costs a session and a query: what has not landed is not built.

    200 for everything up to the marts; five for maps and comparisons (the outlines with their test,
    and three views without any); nine for what the files are like (words of operators, columns that
    could not be used, events without a place, times and identifiers that cannot be); seven for the
    lists of cells and areas: what is accepted, rejected and contradictory, areas by boundaries,
    places (less tests that these made needless); 13 for quality: six of events, cells and
    subscribers, four views between them, which periods are complete, and two views for readers;
    four views more for changes: of visitors and flows, by hour, and around events; seven nodes for
    the distances of the World Bank, eighteen for its other indicators, and six views for them, for
    their changes and for forecasts; six views for people rather than subscribers, and three for
    context and what goes together. Less two: that a reason is listed is one test a table. Five
    nodes and two views for who comes and leaves, and a view of the country.
    """
    built = ("model", "seed", "test")
    nodes = [
        node["name"]
        for node in events_manifest["nodes"].values()
        if node["resource_type"] in built
        and node["config"]["enabled"]
        and node["config"]["materialized"] != "ephemeral"
    ]
    assert len(nodes) <= 283
    of_feeds = re.compile("listen|recharge|^(stg_landing__|int_)indicators|^indicator_names|^need_")
    assert not [name for name in nodes if of_feeds.search(name)]


def test_marts_are_released_and_tested_in_one_way(manifest):
    for mart in marts(manifest):
        assert mart["config"]["materialized"] == "released", mart["name"]
        assert set(generic_tests(manifest, mart)) == {"min_group_size", "release_rules"}
        assert "macro.throng.release" in mart["depends_on"]["macros"]


def test_a_mart_declares_each_of_its_columns(manifest):
    """As a key or a measure, in the order of the table."""
    for mart in marts(manifest):
        told = declaration(mart)
        keys = list(dict.fromkeys(["period", "period_start", *told["keys"]]))
        columns = [*keys, *told["measures"], "is_suppressed", "is_complete"]
        assert list(mart["columns"]) == columns, mart["name"]
        assert {rule["rule"] for rule in told["measures"].values()} <= RULES, mart["name"]
        assert told["measures"]["n_subscribers"]["rule"] == "head_count", mart["name"]


def test_means_medians_and_shares_have_the_rule_of_their_sort(manifest):
    """The table in docs/release.md, by the names of columns.

    A mean says whose amounts it is made of, or where they are protected.
    """
    for mart in marts(manifest):
        told = declaration(mart)
        for name, rule in told["measures"].items():
            place = (mart["name"], name)
            if name.startswith("mean_"):
                assert rule.get("amounts") or "moments" in told, place
            if name.startswith(("median_", *QUARTILES)):
                assert rule["rule"] == "order_statistic" and rule["of"], place
            if name.startswith("share_"):
                assert rule["rule"] == "share" and rule["of"], place
            if rule.get("amounts"):
                assert rule["withhold"] in ("cell", "measure"), place
            if rule["rule"] == "mean" and not rule.get("amounts"):
                assert rule["where"], place


def test_what_is_released_is_its_candidate_less_what_is_withheld(manifest):
    for mart in marts(manifest):
        parents = {name.split(".")[-1] for name in mart["depends_on"]["nodes"]}
        shared = {"int_study_periods", "int_complete_periods", "int_area_list"}
        # The values of keys, and rules of their own for what is missing of sums and means.
        shared |= {"distance_bands", "int_profile_indicator_splits", "int_segments"}
        shared |= {"int_listener_groups", "int_listener_dimensions"}
        shared |= {"int_profile_means", "int_segment_means", "int_distance_means"}
        assert parents - shared == {f"candidate_{mart['name']}", "int_withheld_cells"}


def test_the_gate_reads_every_candidate(manifest):
    """dbt must be told the candidates by name, so this one list is held to the marts."""
    [cells] = [model for model in models(manifest) if model["name"] == "int_table_cells"]
    read = {name.split(".")[-1] for name in cells["depends_on"]["nodes"]}
    assert read == {f"candidate_{mart['name']}" for mart in marts(manifest)}


def test_a_mart_is_named_in_few_files(manifest):
    """Its candidate, itself, descriptions, and the list of candidates; in no macro and no test."""
    for mart in marts(manifest):
        named = re.compile(rf"(?<![a-z_])(candidate_)?{mart['name']}(?![a-z_])")
        found = [
            path.relative_to(PROJECT)
            for folder in ("macros", "tests/generic")
            for path in sorted((PROJECT / folder).rglob("*"))
            if path.suffix in (".sql", ".yml") and named.search(path.read_text())
        ]
        assert not found, (mart["name"], found)


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
        "macros/release/release_rules.sql",
        "tests/generic/min_group_size.sql",
        "tests/generic/residual.sql",
    ]


def test_no_mart_column_is_an_identifier(manifest):
    for mart in for_readers(manifest):
        for column in mart["columns"]:
            assert not IDENTIFIERS.search(column), (mart["name"], column)


def test_every_model_says_its_grain(manifest):
    """A candidate has the grain of its mart, of which it is all cells with people."""
    for model in models(manifest):
        if not model["path"].startswith("candidates/"):
            assert "Grain:" in model["description"], model["name"]


DOMAINS = {"presence", "homes", "flows", "trajectories", "phone_use", "listening"}
#: Which layers a layer may read.
READS = {
    "staging": {"source"},
    "intermediate": {"staging", "intermediate", "seed"},
    "candidates": {"intermediate", "candidates", "seed"},
    "disclosure": {"intermediate", "candidates", "disclosure", "source"},
    "marts": {"intermediate", "candidates", "disclosure", "seed"},
    # What is published, and nothing else: such a view needs no test of group sizes.
    "serving": {"marts", "serving", "source"},
}


def test_what_is_served_is_made_of_published_things(manifest):
    for model in serving(manifest):
        assert model["config"]["materialized"] == "kept_view", model["name"]
        sources = [name for name in model["depends_on"]["nodes"] if name.startswith("source.")]
        assert all(name.startswith("source.throng.released.") for name in sources), model["name"]


def layer_of(manifest, unique_id):
    node = manifest["nodes"].get(unique_id)
    if node is None or node["resource_type"] == "seed":
        return unique_id.split(".")[0]
    return node["path"].split("/")[0]


def test_layers_are_read_in_the_order_of_the_data(manifest):
    for model in models(manifest):
        layer = layer_of(manifest, model["unique_id"])
        read = {layer_of(manifest, name) for name in model["depends_on"]["nodes"]}
        assert read <= READS[layer], model["name"]


def test_there_is_no_circle_between_folders(manifest):
    edges = {}
    for model in models(manifest):
        for name in model["depends_on"]["nodes"]:
            parent = manifest["nodes"].get(name)
            if parent and parent["resource_type"] == "model":
                here, there = (node["path"].rsplit("/", 1)[0] for node in (model, parent))
                if here != there:
                    edges.setdefault(here, set()).add(there)
    done, path = set(), []

    def visit(folder):
        assert folder not in path, [*path, folder]
        if folder not in done:
            path.append(folder)
            for parent in sorted(edges.get(folder, ())):
                visit(parent)
            done.add(path.pop())

    for folder in sorted(edges):
        visit(folder)


def test_names_match_folders(manifest):
    for model in models(manifest):
        layer, *domains, _ = model["path"].split("/")
        name = model["name"]
        if layer == "staging":
            assert name.startswith(f"stg_{domains[-1]}__"), name
        elif layer in ("intermediate", "disclosure"):
            # What became of the files is read by operators, so it carries a plain name.
            plain = {
                *("rejected_areas", "rejected_cells", "rejected_events"),
                *("rejected_listener_rows", "rejected_recharges"),
                *("event_columns_read", "unplaced_events"),
                *("cell_outages", "cell_quality"),
            }
            assert name.startswith("int_") or name in plain, name
        elif layer == "candidates":
            assert name.startswith("candidate_"), name
            assert set(domains) <= DOMAINS, name
        else:
            assert not re.match("(stg|int|candidate|fct|dim)_", name), name
            assert set(domains) <= DOMAINS, name


def test_candidates_and_marts_lie_in_folders_of_the_same_name(manifest):
    folders = {model["name"]: model["path"].split("/")[1:-1] for model in models(manifest)}
    for mart in marts(manifest):
        assert folders[mart["name"]] == folders[f"candidate_{mart['name']}"], mart["name"]


def test_models_are_short():
    for path in (PROJECT / "models").rglob("*.sql"):
        assert len(path.read_text().splitlines()) <= 140, path


def test_columns_of_marts_are_described_by_shared_blocks(manifest):
    for mart in for_readers(manifest):
        for column in mart["columns"].values():
            assert column.get("doc_blocks"), (mart["name"], column["name"])


def test_no_model_has_more_than_seven_parents(manifest):
    """Beside its own parts: a union of int_x_a, int_x_b, ... called int_x is one thing.

    The table of all table cells is a union of all candidates.
    """
    for model in models(manifest):
        if model["name"] == "int_table_cells":
            continue
        parents = {name.split(".")[-1] for name in model["depends_on"]["nodes"]}
        others = {name for name in parents if not name.startswith(f"{model['name']}_")}
        assert len(others) <= 7, model["name"]


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
        "int_area_outlines",
        "int_area_pair_parents",
        "int_area_families",
        "int_area_parents",
        "int_areas",
        "int_areas_by_level",
        "int_cell_site_versions",
        "int_implausible_dates",
        "int_indicators",
        "int_indicators_checked",
        "int_cells_checked",
        "int_cells_placed",
        "int_list_problems",
        "int_site_areas",
        "int_site_cluster_outlines",
        "int_site_clusters",
        "int_listener_groups",
        "int_profile_indicator_splits",
        "int_profile_split_classes",
        "int_study_periods",
        "int_study_window",
    }


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
    asked = re.search(r"return\(\[(.*?)\]\)", text, re.DOTALL)[1]
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
    for mart in for_readers(manifest):
        assert f"`{mart['name']}`" in readme, mart["name"]


def test_no_key_lies_in_the_project():
    secret = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{64}(?![0-9a-fA-F])")
    for path in PROJECT.rglob("*"):
        if not path.is_file() or path.relative_to(PROJECT).parts[0] in {
            ".git",
            ".superset",
            ".venv",
            "data",
            "target",
            "logs",
        }:
            continue
        assert path.suffix != ".key", path
        if path.suffix in {".py", ".sql", ".yml", ".md", ".toml", ".sh", ".txt", ""}:
            assert not secret.search(path.read_text(errors="ignore")), path


def test_vars_outside_the_graph_change_no_model(events_manifest, manifest, tmp_path):
    """Tests run dbt on a manifest that was read with other values of these vars (conftest.py)."""

    def other(value):
        if isinstance(value, bool):
            return not value
        if isinstance(value, int | float):
            return value + 1
        if isinstance(value, list):
            return ["x"]
        return {"cell_id": "x"} if isinstance(value, dict) else "2020-01-02"

    known = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]
    assert set(VARS_OF_THE_GRAPH) < set(known)
    others = {name: other(value) for name, value in known.items() if name not in VARS_OF_THE_GRAPH}
    assert len(others) > 30

    def graph(manifest: dict) -> dict:
        parts = {**manifest["nodes"], **manifest["sources"], **manifest["unit_tests"]}
        names = ("depends_on", "config", "relation_name", "tags", "meta", "test_metadata")
        return {key: {name: node.get(name) for name in names} for key, node in parts.items()}

    assert graph(parsed(tmp_path, "parse", **others)) == graph(events_manifest)
    assert graph(manifest) != graph(events_manifest)  # of other feeds
