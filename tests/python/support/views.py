"""What a view of models/serving says if the tables it reads were these frames."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd

from tests.python.conftest import Server


class Views:
    """Compiled views whose inputs can be given; folder takes their files."""

    def __init__(self, server: Server, folder: Path, *models: str, **variables: Any) -> None:
        self._server, self._folder = server, folder
        done = server.dbt(*("--quiet", "compile", "--select", *models), landing=folder, **variables)
        assert done.returncode == 0, done.stdout

    def ask(self, model: str, columns: list[str], **inputs: pd.DataFrame) -> pd.DataFrame:
        """These columns of all rows of a view. inputs: every mart or view it reads, by name."""
        [file] = (self._server.folder / "target" / "compiled").rglob(f"{model}.sql")
        sql = Path(file).read_text()
        for name, frame in inputs.items():
            path = self._folder / f"{model}_{name}.parquet"
            frame.to_parquet(path, coerce_timestamps="us", allow_truncated_timestamps=True)
            sql, n_replaced = re.subn(rf"\bmarts\.{name}\b", f"parquet.`{path}`", sql)
            assert n_replaced, name
        assert not re.search(r"\b(marts|released)\.", sql), "an input was not given"
        rows = self._server.query(f"select {', '.join(columns)} from ({sql})")
        found = pd.DataFrame(rows, columns=columns)
        if "period_start" in columns:
            found["period_start"] = pd.to_datetime(found.period_start)
        return found
