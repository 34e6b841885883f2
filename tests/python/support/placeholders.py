"""Placeholders of a missing identifier, read from docs/definitions.md and from nothing else."""

from __future__ import annotations

import re

from tests.python.conftest import PROJECT

_BLANKS_AND_QUOTES = " \t\r\n\u00a0'\""
_NOTHING = "0-+_.,:;?*#/\\" + _BLANKS_AND_QUOTES


def documented() -> list[str]:
    """The texts of the section Identifier, as they are written there."""
    definitions = (PROJECT / "docs" / "definitions.md").read_text(encoding="utf-8")
    section = re.search(r"^## Identifier$(.*?)^## ", definitions, re.DOTALL | re.MULTILINE)[1]
    listed = re.search(r"^- one of these texts.*?:\n(.*?);\n", section, re.DOTALL | re.MULTILINE)[1]
    return re.findall(r"`([^`]+)`", listed)


_TEXTS = {text.lower() for text in documented()}


def is_placeholder(identifier: str) -> bool:
    """Whether nobody is meant; an empty text is a placeholder too."""
    bare = identifier.strip(_BLANKS_AND_QUOTES)
    return bare.lower() in _TEXTS or not bare.lstrip(_NOTHING)
