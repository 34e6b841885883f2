"""Small inputs that people report, beside the project: landing folders with the vars of each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.python.conftest import PROJECT, Server

CASES = PROJECT.parent / "shared/data/cases"


def case(name: str) -> tuple[Path, dict]:
    """The landing folder of a reported case and its vars; the test skips where it is not there."""
    folder = CASES / name
    if not folder.exists():
        # The files are others' and never copied into the project: a clone is without them, and says
        # which one it did not try.
        pytest.skip(f"NOT TRIED: the reported case is not there ({name})")
    return folder / "landing", json.loads((folder / "vars.json").read_text())


def residents(server: Server) -> dict[str, int]:
    """People by district, published or not, in the study."""
    return dict(
        server.query(
            "select area_id, n_subscribers from protected.candidate_count_residents "
            "where area_level = 'district' and period = 'study'"
        )
    )
