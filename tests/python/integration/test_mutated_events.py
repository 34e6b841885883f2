"""Thousands of damaged files of events: each ends in sentences, or in rows that are all accounted
for."""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict

import pyarrow as pa
import pytest

from tests.python.conftest import WITHOUT_UNIT_TESTS
from tests.python.support.tiny_landing import AREAS, CELLS
from throng.landing.inspect import inspect_landing

# Thousands of files are written, looked at and read.
pytestmark = pytest.mark.long

FILES = 2_400
HEADER = b"subscriber_id,event_at,cell_id,event_type,direction,counterpart_id,duration_s\n"
PIECES = [b",", b";", b"\t", b'"', b'""', b"\n", b"\r", b"\r\n", b"\0", b"\\", b"\\N", b" ", b"'"]
PIECES += [b"\xff", "é".encode(), b"NULL", b"-1", b"1.0", b"1E+11", b"99999999999999999999", b","]


def sound(chance: random.Random) -> bytes:
    lines = [
        f"88017{chance.randrange(10**7):07d},2020-03-0{chance.randrange(1, 8)} "
        f"{chance.randrange(24):02d}:{chance.randrange(60):02d}:00,c{chance.randrange(3)},"
        f"{chance.choice(['call', 'text'])},{chance.choice(['in', 'out'])},880170000001,"
        f"{chance.randrange(600)}\n"
        for _ in range(12)
    ]
    return HEADER + "".join(lines).encode()


def mutated(content: bytes, chance: random.Random) -> bytes:
    """With one to three things wrong, in the line of names or anywhere."""
    for _ in range(chance.choice([1, 1, 2, 3])):
        start = chance.randrange(len(content) + 1) if content else 0
        # The line of names decides about a whole file: it is left alone more often than not.
        if start < len(HEADER) and chance.random() < 0.8:
            start = min(len(content), len(HEADER) + start)
        end = min(len(content), start + chance.choice([0, 0, 1, 2, 8, 40]))
        kind = chance.randrange(6)
        if kind == 0:
            content = content[:start] + content[end:]
        elif kind == 1:
            content = content[:start] + chance.choice(PIECES) + content[end:]
        elif kind == 2:
            content = content[:start] + content[start:end] * 3 + content[end:]
        elif kind == 3:
            content = content[: max(start, 1)]
        elif kind == 4:
            content = (
                content[:start] + bytes(chance.randrange(256) for _ in range(2)) + content[end:]
            )
        else:
            content = content.replace(
                *chance.choice([(b"\n", b"\r\n"), (b",", b";"), (b":", b".")])
            )
    return content


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory):
    """The damaged files: sentences about those that are refused, and the others in folders of those
    that can be read together."""
    alone = tmp_path_factory.mktemp("alone")
    for name, text in {"cell_sites": CELLS, "areas": AREAS}.items():
        (alone / name).mkdir()
        (alone / name / "file.csv").write_text(text)
    (alone / "events").mkdir()
    sentences, together = {}, defaultdict(dict)
    for seed in range(FILES):
        chance = random.Random(seed)
        content = mutated(sound(chance), chance)
        (alone / "events" / "file.csv").write_bytes(content)
        request = json.dumps({"landing_path": str(alone)})
        answer = json.loads(inspect_landing(pa.array([request]))[0].as_py())
        if answer["problems"]:
            sentences[seed] = answer["problems"]
        else:
            [events] = [table for table in answer["tables"] if table["name"] == "events"]
            names = tuple(name.lower() for name, _ in events["file_columns"])
            together[events["delimiter"], events["has_header"], names][seed] = content
    return sentences, together


def test_what_is_refused_is_refused_in_sentences(looked_at):
    sentences, _ = looked_at
    assert len(sentences) > 20
    for seed, problems in sentences.items():
        for sentence in problems:
            assert re.match(r"(events/file\.csv|All files in events/|events/) ?\S", sentence), seed
            assert "\n" not in sentence.strip(), (seed, sentence)
            assert "Traceback" not in sentence
            assert "Exception" not in sentence


def test_what_is_read_is_accounted_for(server, looked_at, tmp_path):
    """In the folders with most files: those with other columns take a build of their own each."""
    sentences, together = looked_at
    assert sum(map(len, together.values())) + len(sentences) == FILES
    largest = sorted(together.items(), key=lambda group: -len(group[1]))[:4]
    assert sum(len(files) for _, files in largest) > 0.7 * FILES
    for number, (_, files) in enumerate(largest):
        landing = tmp_path / str(number)
        for name, text in {"cell_sites": CELLS, "areas": AREAS}.items():
            (landing / name).mkdir(parents=True)
            (landing / name / "file.csv").write_text(text)
        (landing / "events").mkdir()
        for seed, content in files.items():
            (landing / "events" / f"{seed}.csv").write_bytes(content)
        select = ["--select", "+int_events_accepted", "rejected_events"]
        window = {"study_start": "2020-03-01", "study_end": "2020-03-07"}
        limits = {"min_usable_share": 0, "max_subscriber_share": 1}
        options = [*WITHOUT_UNIT_TESTS, "test", *select]
        done = server.dbt("build", *options, landing=landing, **window, **limits)
        if done.returncode:
            # A folder of a few files may have no sound row; the largest has many.
            assert number > 0, done.stdout
            why = r"([\d,]+ malformed_row|the files in events/ have no rows)"
            assert re.search(f"No event was accepted: {why}", done.stdout), files
            continue
        counted = "select source_file, count(*) from {} group by source_file"
        read = dict(server.query(counted.format("landing.events")))
        accepted = dict(server.query(counted.format("protected.int_events_accepted")))
        rejected = dict(server.query(counted.format("protected.rejected_events")))
        for seed, content in files.items():
            name = f"{seed}.csv"
            assert accepted.get(name, 0) + rejected.get(name, 0) == read.get(name, 0), seed
            # Where lines are rows, they are counted here once more.
            if not re.search(rb'["\r\0]', content):
                lines = [line for line in content.split(b"\n")[1:] if line.strip()]
                assert read.get(name, 0) == len(lines), seed
        # Most lines have nothing wrong.
        assert sum(accepted.values()) > 0.5 * sum(read.values())
