"""Compiled functions, with and without a place for their machine code."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
TWO = """
from throng.mobility import compiled
assert compiled.__file__.startswith({package!r})
import throng.udfs.stops
from throng.mobility.stops import _chord_between
import numpy as np
assert _chord_between(np.zeros((2, 3)), 0, 1) == 0
print(type(_chord_between._cache).__name__)
"""


@pytest.mark.parametrize(("home", "cache"), [("home", "FunctionCache"), (None, "NullCache")])
def test_a_zipped_package_works_with_and_without_a_home(tmp_path, home, cache):
    shutil.copytree(
        PROJECT / "throng", tmp_path / "throng", ignore=shutil.ignore_patterns("__pycache__")
    )
    package = shutil.make_archive(str(tmp_path / "package"), "zip", tmp_path, "throng")
    shutil.rmtree(tmp_path / "throng")
    # Below a file no folder can be made, not even by root.
    folder = tmp_path / home if home else Path(package) / "nowhere"
    environment = os.environ | {"HOME": str(folder), "XDG_CACHE_HOME": str(folder)}
    environment = {k: v for k, v in environment.items() if k != "NUMBA_CACHE_DIR"}
    answer = subprocess.run(
        [sys.executable, "-c", TWO.format(package=package)],
        env=environment | {"PYTHONPATH": package},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip() == cache
