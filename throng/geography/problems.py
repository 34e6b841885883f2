"""What is wrong with a file of boundaries or sites, said so that it can be mended."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from throng.landing.problems import shape_of

#: So many lines of a list are printed; the rest is counted.
MOST_LINES = 20


class GeographyError(Exception):
    """A file cannot be imported at all; the message says why and what to do."""


@dataclass(frozen=True)
class Remark:
    """Something about one row or feature.

    Attributes:
        file: name of the file.
        row: its number in the file, as an editor, a spreadsheet or a GIS counts: from 1.
        text: what is to be said of it.
        label: what else it is known by: an id or a name.
        kind: what remarks of one sort are counted by.
        written: longitude and latitude as the file has them.
    """

    file: str
    row: int
    text: str
    label: str = ""
    kind: str = ""
    written: tuple[str, str] = ("", "")

    @property
    def place(self) -> str:
        """Where it is."""
        return f"{self.file} {self.row}" + (f" ({self.label})" if self.label else "")


def listed(remarks: Sequence[Remark], most: int = MOST_LINES) -> Iterator[str]:
    """One aligned line for each remark, in the order of files and rows."""
    shown = sorted(remarks, key=lambda remark: (remark.file, remark.row, remark.text))[:most]
    width = min(48, max((len(remark.place) for remark in shown), default=0))
    for remark in shown:
        yield f"  {remark.place:<{width}}  {remark.text}"
    if len(remarks) > len(shown):
        yield f"  ... and {len(remarks) - len(shown):,} more"


def named(names: Iterable[str]) -> str:
    """Names of columns or layers for a sentence.

    What could be a value (of a file without a header, perhaps of events) shows its shape only.
    """
    shown = [
        shape_of(name) if len(name) > 60 or re.search(r"\d{5}", name) else name for name in names
    ]
    return ", ".join(shown) or "none"


def shown(text: str, most: int = 40) -> str:
    """A value for a sentence, cut where it is long."""
    return text if len(text) <= most else f"{text[: most - 3]}..."
