"""Notebooks have no results in them: what is published may be withdrawn, and a file stays."""

from __future__ import annotations

import json

import pytest

from tests.python.conftest import PROJECT

NOTEBOOKS = sorted((PROJECT / "notebooks").rglob("*.ipynb"))


def test_there_are_notebooks():
    assert [path.parent.name for path in NOTEBOOKS] == ["notebooks"] * 3 + ["labs"] * 2


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_has_no_outputs(path):
    cells = json.loads(path.read_text())["cells"]
    for cell in cells:
        assert not cell.get("outputs"), cell["id"]
        assert cell.get("execution_count") is None, cell["id"]
        assert not cell.get("attachments"), cell["id"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_begins_with_what_it_is_about_and_its_settings(path):
    first, second, *_ = json.loads(path.read_text())["cells"]
    assert first["cell_type"] == "markdown"
    assert second["metadata"]["tags"] == ["settings"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_reads_what_is_published(path):
    for schema in ("protected", "released", "staging", "landing"):
        assert f"{schema}." not in path.read_text()
