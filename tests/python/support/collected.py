"""A plugin of pytest that writes down which tests there are and which of them were chosen.

For `pytest -p tests.python.support.collected --collect-only`; the file is named by COLLECTED.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

_every: dict[str, bool] = {}  # whether the test is marked long, by its id


def _id(item: pytest.Item) -> str:
    return item.nodeid.removeprefix("tests/python/")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Before any are left out."""
    _every.update({_id(item): item.get_closest_marker("long") is not None for item in items})


def pytest_collection_finish(session: pytest.Session) -> None:
    """After those that were not asked for have been left out."""
    found = {
        "every": list(_every),
        "chosen": [_id(item) for item in session.items],
        "long": [name for name, is_long in _every.items() if is_long],
    }
    Path(os.environ["COLLECTED"]).write_text(json.dumps(found))
