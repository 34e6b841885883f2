"""A plugin of pytest that knows which tests there are and which of them were chosen.

conftest.py registers it. With COLLECTED in the environment it writes them into that file.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

_every: dict[str, bool] = {}  # whether the test is marked long, by its id
#: Ids of tests, from tests/python on: every, chosen, long.
FOUND: dict[str, list[str]] = {}


def _id(item: pytest.Item) -> str:
    return item.nodeid.removeprefix("tests/python/")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Before any are left out."""
    _every.update({_id(item): item.get_closest_marker("long") is not None for item in items})


def pytest_collection_finish(session: pytest.Session) -> None:
    """After those that were not asked for have been left out."""
    FOUND["every"] = list(_every)
    FOUND["chosen"] = [_id(item) for item in session.items]
    FOUND["long"] = [name for name, is_long in _every.items() if is_long]
    if "COLLECTED" in os.environ:
        Path(os.environ["COLLECTED"]).write_text(json.dumps(FOUND))
