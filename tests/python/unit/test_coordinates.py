"""Coordinates as people write them, to degrees."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throng.geography.dms import LATITUDE, LONGITUDE, Unreadable, parse_degrees, parse_metres

HALF = 8 + 29 / 60 + 2.4 / 3600


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("8.484", 8.484),
        (" -8.484 ", -8.484),
        ("+8.484", 8.484),
        ("8,484", 8.484),
        ("−8,484", -8.484),
        (".5", 0.5),
        ("8", 8.0),
        ("8.484E0", 8.484),
        ("8.484 N", 8.484),
        ("8.484S", -8.484),
        ("8.5s", -8.5),
        ("S 8,484", -8.484),
        ("8.484°", 8.484),
        ("-8.484°", -8.484),
        ("8.484° S", -8.484),
        ("8°29'2.4\"N", HALF),
        ("8°29'2.4\"S", -HALF),
        ("8° 29′ 2,4″ S", -HALF),
        ("8º29’2.4”N", HALF),
        ("8°29'2.4''N", HALF),
        ("N 8°29'2.4\"", HALF),
        ("-8°29'2.4\"", -HALF),
        ("8 29 2.4 N", HALF),
        ("8 29 2.4", HALF),
        ("-0 30 0", -0.5),
        ("8\u00a029\u00a02.4\u00a0N", HALF),
        ("8:29:2.4", HALF),
        ("8-29-2.4N", HALF),
        ("8d29m2.4s", HALF),
        ("8d29m2.4sS", -HALF),
        ("8 deg 29 min 2.4 sec N", HALF),
        ("8°29.04'N", HALF),
        ("8 29.04 N", HALF),
        ("8°29'", 8 + 29 / 60),
        ("0836.5S", -(8 + 36.5 / 60)),
        ("0829N", 8 + 29 / 60),
        ("082902.4N", HALF),
        ("90N", 90.0),
        ("१२.५", 12.5),
        ("90°0'0\"S", -90.0),
    ],
)
def test_a_latitude_is_read(text, degrees):
    assert parse_degrees(text, LATITUDE) == pytest.approx(degrees, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("13.234W", -13.234),
        ("013°14'02.4\"W", -(13 + 14 / 60 + 2.4 / 3600)),
        ("01314.04W", -(13 + 14.04 / 60)),
        ("1314.04W", -(13 + 14.04 / 60)),
        ("0131402.4W", -(13 + 14 / 60 + 2.4 / 3600)),
        ("179 59 59.99 E", 179 + 59 / 60 + 59.99 / 3600),
        ("-180", -180.0),
    ],
)
def test_a_longitude_is_read(text, degrees):
    assert parse_degrees(text, LONGITUDE) == pytest.approx(degrees, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no latitude"),
        (" \t", "no latitude"),
        ("n/a", "cannot be read"),
        ("nan", "cannot be read"),
        ("S", "cannot be read"),
        ("inf", "cannot be read"),
        ("8.484.2", "cannot be read"),
        ("8,484,2", "cannot be read"),
        ("8.484, -13.2", "cannot be read"),
        ("8 29", "cannot be read"),  # perhaps 8.29
        ("8-29N", "cannot be read"),
        ("0836.5", "does not exist"),
        ("08290N", "cannot be read"),
        ("116.3", "latitude 116.3 does not exist"),
        ("712345.6", "metres? say their coordinate system by --crs"),
        ("90°0'1\"N", "does not exist"),
        ("8°60'0\"N", "60 minutes or more"),
        ("8°29'60\"N", "60 seconds or more"),
        ("8°29.5'2\"N", "seconds beside parts of minutes"),
        ("-8.484S", "both a sign and S"),
        ("-8°29'N", "both a sign and N"),
        ("N 8.484 S", "two sides"),
        ("13.2W", "is a longitude (W): are the columns exchanged?"),
        ("13.2 O", "O is east in some languages and west in others"),
        ("8d29m2.4S", "is S for seconds or for south?"),
        ("8 29 2.4 s", "is s for seconds or for south?"),
        ("--8.4", "cannot be read"),
        ("8_4", "cannot be read"),
        ("0x8", "cannot be read"),
    ],
)
def test_what_can_be_read_in_two_ways_or_in_none_is_not_read(text, reason):
    with pytest.raises(Unreadable) as error:
        parse_degrees(text, LATITUDE)
    assert reason in str(error.value)


def test_a_latitude_in_the_column_of_longitudes():
    with pytest.raises(Unreadable, match="are the columns exchanged"):
        parse_degrees("8°29'N", LONGITUDE)


@pytest.mark.parametrize(
    ("text", "metres"), [("712345.6", 712345.6), ("712345,65", 712345.65), ("-5", -5.0)]
)
def test_metres_are_read(text, metres):
    assert parse_metres(text, LONGITUDE) == metres


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("712,345", "does the comma part thousands or decimals?"),
        ("712,345.6", "is not a number"),
        ("712 345", "is not a number"),
        ("", "no longitude"),
    ],
)
def test_a_comma_that_could_part_thousands_is_not_read(text, reason):
    with pytest.raises(Unreadable) as error:
        parse_metres(text, LONGITUDE)
    assert reason in str(error.value)


def written(style: str, axis, sign: int, thousandths: int) -> str:
    """A coordinate of so many thousandths of a second, in one of the ways people write it."""
    side = axis.letters[0] if sign > 0 else axis.letters[1]
    minus = "" if sign > 0 else "-"
    whole, rest = divmod(thousandths, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    seconds = f"{rest // 1000:02d}.{rest % 1000:03d}"
    width = 2 if axis is LATITUDE else 3
    forms = {
        "signs": f"{whole}°{minutes}'{seconds}\"{side}",
        "primes": f"{side} {whole}° {minutes:02d}′ {seconds.replace('.', ',')}″",
        "blanks": f"{whole} {minutes} {seconds} {side}" + (" " if side != "S" else ""),
        "minus": f"{minus}{whole} {minutes} {seconds}",
        "colons": f"{minus}{whole}:{minutes}:{seconds}",
        "letters": f"{whole}d{minutes}m{seconds}s{side}",
        "packed": f"{whole:0{width}d}{minutes:02d}{seconds}{side}",
        "decimal": f"{minus}{thousandths / 3_600_000:.12f}",
        "comma": f"{thousandths / 3_600_000:.12f}{side}".replace(".", ","),
        "minutes": f"{whole}°{minutes + rest / 60_000:.9f}'{side}",
    }
    return forms[style]


STYLES = (
    *("signs", "primes", "blanks", "minus", "colons", "letters", "packed", "decimal", "comma"),
    "minutes",
)


@given(st.data(), st.sampled_from(STYLES), st.sampled_from([LATITUDE, LONGITUDE]))
def test_what_is_written_is_read_again(data, style, axis):
    """To a ten millionth of a degree, a centimetre."""
    sign = data.draw(st.sampled_from([1, -1]))
    most = axis.limit * 3_600_000 - 1
    thousandths = data.draw(st.integers(0, most))
    text = written(style, axis, sign, thousandths)
    assert parse_degrees(text, axis) == pytest.approx(sign * thousandths / 3_600_000, abs=1e-7)


@given(st.text(max_size=24))
def test_any_text_is_read_or_refused_in_a_sentence(text):
    for axis in (LATITUDE, LONGITUDE):
        try:
            degrees = parse_degrees(text, axis)
        except Unreadable as reason:
            assert axis.name in str(reason)
        else:
            assert abs(degrees) <= axis.limit


@given(st.text(alphabet="0123456789.,-+ °'\"NSEWdms:", max_size=14))
def test_no_text_is_read_as_a_place_that_does_not_exist(text):
    for axis in (LATITUDE, LONGITUDE):
        try:
            assert abs(parse_degrees(text, axis)) <= axis.limit
        except Unreadable as reason:
            assert axis.name in str(reason)
