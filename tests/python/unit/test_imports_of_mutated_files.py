"""Files with bytes changed, lost or doubled: every row is accounted for, or a sentence."""

from __future__ import annotations

import gzip
import random
import shutil
import zipfile

import geopandas as gpd
import openpyxl
import pytest

from tests.python.support.imports import COLUMNS, districts, rows_of
from throng.geography.areas import AreaColumns
from throng.geography.imports import Reading, import_areas, import_sites
from throng.geography.problems import GeographyError
from throng.geography.sites import SiteSettings

TABLE = """cell_id;longitude;latitude;azimuth;valid_from
a;1,5;8°29'2.4"N;12;2020-01-01
b;-3;4;;
"c";0836.5W;4,1;omni;2020-01-02 10:00
"""
BYTES = b" ,;\"'\n\r\t0123456789.-NSEW[]{}\x00\xff"
NAMES = ("d.geojson", "d.shp", "d.gpkg", "z.zip", "s.csv", "s.csv.gz", "w.xlsx")


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A file of each sort with nothing wrong in it."""
    folder = tmp_path_factory.mktemp("sound")
    frame = gpd.read_file(districts(folder))
    frame.to_file(folder / "d.shp")
    frame.to_file(folder / "d.gpkg")
    with zipfile.ZipFile(folder / "z.zip", "w") as archive:
        for suffix in ("shp", "shx", "dbf", "prj"):
            archive.write(folder / f"d.{suffix}", f"d.{suffix}")
    (folder / "s.csv").write_text(TABLE)
    (folder / "s.csv.gz").write_bytes(gzip.compress(TABLE.encode()))
    book = openpyxl.Workbook()
    for row in (["cell_id", "longitude", "latitude"], [1, 2, 3], ["a", "1,5", "8 29 2 N"]):
        book.active.append(row)
    book.save(folder / "w.xlsx")
    return folder


def mutated(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 5, 20])):
        if not changed:
            break
        at, how = chance.randrange(len(changed)), chance.random()
        if how < 0.4:
            changed[at] = chance.randrange(256)
        elif how < 0.55:
            del changed[at : at + chance.randrange(1, 30)]
        elif how < 0.75:
            changed[at:at] = bytes(chance.choices(BYTES, k=chance.randrange(1, 6)))
        elif how < 0.85:
            del changed[at:]
        else:
            other = chance.randrange(len(changed))
            changed[at : at + 8] = changed[other : other + 8]
    return bytes(changed)


def outcome(sound, folder, name, chance) -> str:
    """What became of a file with some bytes changed: written, listed or refused."""
    for path in sound.glob("d.*") if name == "d.shp" else [sound / name]:
        shutil.copy(path, folder)
    parts = [folder / f"d.{suffix}" for suffix in ("shp", "shx", "dbf", "prj")]
    victim = chance.choice(parts) if name == "d.shp" else folder / name
    victim.write_bytes(mutated(victim.read_bytes(), chance))
    landing = folder / "landing"
    try:
        if name[0] in "dz":
            columns = AreaColumns((COLUMNS[1],), COLUMNS[3])
            done = import_areas([folder / name], landing, "admin1", columns, reading=Reading())
            n_rows = sum(len(layer) for layer in done.layers)
            n_wrong = len({remark.row for remark in done.read.problems})
            assert len(done.read.areas) + n_wrong >= n_rows > 0
            is_written = not done.read.problems
        else:
            done = import_sites(
                [folder / name], landing, SiteSettings(), reading=Reading(), leave_out=True
            )
            read = done.read
            n_rows = len(read.sites) + len(read.problems) + read.n_equal
            assert n_rows == read.n_rows[name]
            is_written = done.is_written
    except GeographyError as error:
        assert str(error).endswith((".", ")")) and "\n" not in str(error)
        assert not list(landing.rglob("*.csv"))
        return "refused"
    written = [path for path in landing.rglob("*.csv") if not path.name.startswith("_")]
    assert bool(written) == is_written
    if is_written and name[0] not in "dz":
        assert len(rows_of(written[0])) == len(done.read.sites)
    return "written" if is_written else "listed"


def run_many(sound, tmp_path, seed, n_files):
    chance = random.Random(seed)
    found = set()
    for number in range(n_files):
        folder = tmp_path / str(number)
        folder.mkdir()
        found.add(outcome(sound, folder, chance.choice(NAMES), chance))
        shutil.rmtree(folder)
    return found


def test_a_mutated_file_is_read_whole_or_refused(sound, tmp_path):
    assert run_many(sound, tmp_path, 15, 70) >= {"written", "refused"}


@pytest.mark.long
def test_many_mutated_files_are_read_whole_or_refused(sound, tmp_path):
    assert run_many(sound, tmp_path, 16, 2_500) == {"written", "listed", "refused"}
