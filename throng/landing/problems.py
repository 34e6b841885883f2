"""What is wrong with landing files, in sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable


class LandingError(Exception):
    """Something in the landing folder stops the build; the message says what to change.

    Args:
        sentence: what is wrong and what to do; after the name of the file where one is given.
        file: path in the landing folder.
    """

    def __init__(self, sentence: str, file: str | None = None) -> None:
        super().__init__(f"{file} {sentence}" if file else sentence)
        self.sentence = sentence
        self.file = file


def sentences(errors: Iterable[LandingError]) -> list[str]:
    """One sentence for each sort of problem: files with the same one are counted."""
    files: dict[str, list[str]] = {}
    for error in errors:
        files.setdefault(error.sentence, []).append(error.file or "")
    said = []
    for sentence, (first, *others) in files.items():
        text = f"{first} {sentence}" if first else sentence
        if others and first:
            more = "one more file" if len(others) == 1 else f"{len(others):,} more files"
            text += f" The same holds for {more}, such as {others[0]}."
        said.append(text)
    return said


def shape_of(text: str) -> str:
    """A text without its content: letters as a, digits as 9 (the macro shape_of does so in SQL)."""
    return re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", text[:40]))


def listed(names: Iterable[str]) -> str:
    """Names for a message. What could be a value (a file without a header) shows its shape only."""
    shown = [
        name
        if re.fullmatch(r"[^\W\d][\w .-]{0,40}", name) and not re.search(r"\d{5}", name)
        else shape_of(name)
        for name in names
    ]
    if len(shown) > 40:
        shown = [*shown[:40], f"and {len(shown) - 40:,} more"]
    return ", ".join(shown) or "none"
