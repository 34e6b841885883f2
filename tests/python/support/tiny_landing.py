"""One cell in one area, and the sentence that a build over it stops with."""

from __future__ import annotations

from pathlib import Path

AREAS = "area_id,area_level,area_name,parent_area_id\na1,district,A,\n"
CELLS = "cell_id,longitude,latitude,area_id\nc1,0,0,a1\n"


def landing_with(folder: Path, **files: str) -> Path:
    """A landing folder: one area, one cell, and the files of events and other feeds."""
    for name, text in {"cell_sites": CELLS, "areas": AREAS, **files}.items():
        (folder / name).mkdir()
        (folder / name / "file.csv").write_text(text, encoding="utf-8")
    return folder


def stopped_with(done) -> str:
    """The one sentence a build stopped with, given that it built nothing and shows no trace."""
    assert done.returncode != 0, done.stdout
    assert "created sql" not in done.stdout, done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    lines = done.stdout.splitlines()
    [start] = [i for i, line in enumerate(lines) if "Compilation Error in operation" in line]
    return lines[start + 1].strip()


def stopped_at_lists(done) -> str:
    """The sentences a build stopped with at its lists, before any event was placed."""
    assert done.returncode != 0, done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "created sql kept_table model protected.int_cell_site_versions" not in done.stdout
    lines = done.stdout.splitlines()
    starts = [i for i, line in enumerate(lines) if "Error in model int_list_problems" in line]
    assert starts, done.stdout
    return lines[starts[-1] + 1].strip()
