"""The marts of the project, by the files that declare them."""

from __future__ import annotations

from tests.python.conftest import PROJECT

#: Of events alone, and of all feeds.
ALL_MARTS = tuple(sorted(path.stem for path in (PROJECT / "models/marts").rglob("*.sql")))
EVENT_MARTS = tuple(mart for mart in ALL_MARTS if not mart.startswith("listener_"))
