"""The few bits of SVG that our pictures share: we write them by hand, without a library."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape


def page(width: float, height: float, lines: Iterable[str]) -> str:
    """A white page of this size with these elements on it."""
    size = f"{width:.0f}", f"{height:.0f}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[0]} {size[1]}" '
            f'width="{size[0]}" height="{size[1]}" font-family="sans-serif" font-size="12" '
            'fill="#222">',
            f'<rect width="{size[0]}" height="{size[1]}" fill="#fff"/>',
            *lines,
            "</svg>",
            "",
        ]
    )


def text(x: float, y: float, words: str, anchor: str, bold: bool = False, more: str = "") -> str:
    """Words at a place.

    Args:
        anchor: start, middle or end: which part of the words is at x.
        more: further attributes, as they stand in the file.
    """
    weight = ' font-weight="bold"' if bold else ""
    attributes = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{weight}{more and " " + more}'
    return f"<text {attributes}>{escape(words)}</text>"
