"""Coordinates as people write them, to degrees. What can be read in two ways is not read.

Decimal degrees (8.484, 8,484, -13.23, 13.23 W), degrees and minutes (8 29.04 N, 8°29.04'N),
degrees, minutes and seconds (8°29'2.4"N, 8 29 2.4 N, 8:29:2.4, 8d29m2.4s) and packed digits
(0836.5S is 8 degrees 36.5 minutes, 0132304W is 13 degrees 23 minutes 4 seconds).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from throng.geography.problems import shown


@dataclass(frozen=True)
class Axis:
    """Longitude or latitude.

    Attributes:
        limit: degrees that exist, to either side.
        letters: of its two sides, the positive one first.
        packed: how many whole digits packed degrees and minutes may have, and with seconds.
    """

    name: str
    limit: int
    letters: str
    packed: tuple[int, ...]


LONGITUDE = Axis("longitude", 180, "EW", (4, 5, 6, 7))
LATITUDE = Axis("latitude", 90, "NS", (4, 6))

_NUMBER = r"(?:\d+(?:[.,]\d*)?|[.,]\d+)"
_PLAIN = re.compile(rf"[+-]?{_NUMBER}(?:[eE][+-]?\d+)?")
_DECIMAL = re.compile(rf"({_NUMBER})\s*°?")
_PACKED = re.compile(r"(\d{4,7})([.,]\d+)?")
# Degrees, minutes and perhaps seconds, each ended by its own sign, or all by the same one.
_SIGNS = re.compile(rf"(\d{{1,3}})\s*°\s*({_NUMBER})\s*'?(?:(?<=')\s*({_NUMBER})\s*\"?)?")
_LETTERS = re.compile(
    rf"(\d{{1,3}})\s*(?:d|deg)\s*({_NUMBER})\s*(?:m|min)(?:\s*({_NUMBER})\s*(?:s|sec))?"
)
_APART = re.compile(rf"(\d{{1,3}})([ :-])({_NUMBER})(?:\2({_NUMBER}))?")
_SPELLINGS = str.maketrans(
    {
        **dict.fromkeys("−–‒", "-"),
        **dict.fromkeys("′’‘´ʹ`", "'"),
        **dict.fromkeys("″”“ʺ", '"'),
        **dict.fromkeys("º˚", "°"),
        **dict.fromkeys("\u00a0\u2009\u202f\t", " "),
    }
)


class Unreadable(ValueError):
    """A text is no coordinate, or could be several; the message says why."""


def parse_degrees(text: str, axis: Axis) -> float:
    """Degrees east or north.

    Args:
        text: a coordinate in any of the ways above.
        axis: LONGITUDE or LATITUDE.

    Raises:
        Unreadable: it is in none of them, in two, or does not exist.
    """
    words = text.strip()
    if not _PLAIN.fullmatch(words):
        words = " ".join(text.translate(_SPELLINGS).replace("''", '"').split())
    if not words:
        raise Unreadable(f"no {axis.name}")
    text = shown(text)
    if _PLAIN.fullmatch(words):
        return _existing(float(words.replace(",", ".")), text, axis)
    if not any(letter.isdecimal() for letter in words):
        raise Unreadable(f"{axis.name} '{text}' cannot be read")
    side, body = _side(words, text, axis)
    sign = -1.0 if body.startswith("-") else 1.0
    has_sign = body[:1] in "+-"
    if has_sign and side:
        raise Unreadable(f"{axis.name} '{text}' has both a sign and {side.upper()}")
    degrees = _magnitude(body[has_sign:].lstrip(), bool(side), text, axis)
    if side:
        sign = 1.0 if side.upper() == axis.letters[0] else -1.0
    return _existing(math.copysign(degrees, sign), text, axis)


def parse_metres(text: str, axis: Axis) -> float:
    """An easting or northing of a projected coordinate system, in its own unit.

    Args:
        text: a number with a decimal point, or a comma that cannot part thousands.
        axis: which of the two, for the message.

    Raises:
        Unreadable: it is no number, or its comma could part thousands.
    """
    words = text.translate(_SPELLINGS).strip()
    if not words:
        raise Unreadable(f"no {axis.name}")
    text = shown(text)
    if re.fullmatch(r"[+-]?\d{1,3},\d{3}", words):
        raise Unreadable(f"{axis.name} '{text}': does the comma part thousands or decimals?")
    if not _PLAIN.fullmatch(words):
        raise Unreadable(f"{axis.name} '{text}' is not a number")
    return float(words.replace(",", "."))


def _side(words: str, text: str, axis: Axis) -> tuple[str, str]:
    """The letter of the side, if there is one, and the rest."""
    first, last = words[0], words[-1]
    letters = [letter for letter in (first, last) if letter.upper() in "NSEWO"]
    if last == "s" and re.search(r"(m|min)\s*[\d.,]+\s*s$|sec$", words):
        letters.remove("s")  # of seconds, as in 8d29m2.4s
        last = ""
    elif last.upper() == "S" and re.search(r"[dg]\s*[\d.,]+\s*(m|min)\s*[\d.,]+\s*S$", words):
        raise Unreadable(f"{axis.name} '{text}': is S for seconds or for south?")
    elif last == "s" and re.search(r"\d[ :-][\d.,]+[ :-][\d.,]+ ?s$", words):
        raise Unreadable(f"{axis.name} '{text}': is s for seconds or for south?")
    if not letters:
        return "", words
    if len(letters) > 1:
        raise Unreadable(f"{axis.name} '{text}' names two sides")
    [side] = letters
    if side.upper() == "O":
        raise Unreadable(f"{axis.name} '{text}': O is east in some languages and west in others")
    if side.upper() not in axis.letters:
        other = "longitude" if axis is LATITUDE else "latitude"
        raise Unreadable(
            f"{axis.name} '{text}' is a {other} ({side.upper()}): are the columns exchanged?"
        )
    body = words[1:] if first == side and last != side else words[:-1]
    return side, body.strip()


def _magnitude(body: str, has_side: bool, text: str, axis: Axis) -> float:
    """Degrees without a sign."""
    if found := _DECIMAL.fullmatch(body):
        whole = re.match(r"\d*", found[1])[0]
        if len(whole) <= 3:
            return _number(found[1])
    if found := _PACKED.fullmatch(body):
        return _packed(found[1], found[2] or "", has_side, text, axis)
    if found := _SIGNS.fullmatch(body) or _LETTERS.fullmatch(body):
        return _sexagesimal(found[1], found[2], found[3], text, axis)
    found = _APART.fullmatch(body)
    # 13 23 without a side could be 13.23 with a blank for the point.
    if found and (found[4] or (has_side and found[2] != "-")):
        return _sexagesimal(found[1], found[3], found[4], text, axis)
    raise Unreadable(f"{axis.name} '{text}' cannot be read")


def _packed(digits: str, rest: str, has_side: bool, text: str, axis: Axis) -> float:
    """Degrees of digits without anything between them: DDMM, DDDMM, DDMMSS or DDDMMSS."""
    if not has_side or len(digits) not in axis.packed:
        raise Unreadable(f"{axis.name} '{text}' cannot be read")
    if len(digits) <= 5:
        return _sexagesimal(digits[:-2], digits[-2:] + rest, None, text, axis)
    return _sexagesimal(digits[:-4], digits[-4:-2], digits[-2:] + rest, text, axis)


def _sexagesimal(degrees: str, minutes: str, seconds: str | None, text: str, axis: Axis) -> float:
    if seconds is not None and not minutes.isdigit():
        raise Unreadable(f"{axis.name} '{text}' has seconds beside parts of minutes")
    for part, name in ((minutes, "minutes"), (seconds or "0", "seconds")):
        if _number(part) >= 60:
            raise Unreadable(f"{axis.name} '{text}' has 60 {name} or more")
    return int(degrees) + _number(minutes) / 60 + _number(seconds or "0") / 3600


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _existing(degrees: float, text: str, axis: Axis) -> float:
    if not abs(degrees) <= axis.limit:
        metres = " (metres? say their coordinate system by --crs)" if abs(degrees) > 360 else ""
        raise Unreadable(f"{axis.name} {text.strip()} does not exist{metres}")
    return degrees
