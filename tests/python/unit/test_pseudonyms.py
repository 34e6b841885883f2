"""The pseudonymisation functions, without Spark."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import date

import pyarrow as pa
import pytest

from throng.keys.keyring import KeyFileError, destroy, ensure_key_file, read_keyring, rotate
from throng.udfs.pseudonyms import inspect_keys, keyed_bits, pseudonym_key_id, pseudonymise

MARCH, APRIL, MAY = date(2020, 3, 31), date(2020, 4, 1), date(2020, 5, 1)


@pytest.fixture
def path(tmp_path, monkeypatch):
    path = tmp_path / "secret" / "pseudonym.key"
    monkeypatch.setenv("THRONG_KEY_FILE", str(path))
    return path


@pytest.fixture
def two_keys(path):
    """k1 until March 2020, k2 from April on."""
    ensure_key_file()
    return rotate(path, APRIL)


def hmac_by_hand(secret: bytes, text: str) -> bytes:
    return hmac.new(secret, text.encode(), hashlib.sha256).digest()


def by_hand(secret: bytes, identifier: str) -> int:
    return int.from_bytes(hmac_by_hand(secret, identifier)[:8], "big", signed=True)


def pseudonyms(*events: tuple[str | None, date | None]) -> list[int | None]:
    identifiers, dates = zip(*events, strict=True) if events else ((), ())
    return pseudonymise(
        pa.array(identifiers, pa.string()), pa.array(dates, pa.date32())
    ).to_pylist()


def problem(study_start: str | None, study_end: str | None) -> str | None:
    request = json.dumps({"study_start": study_start, "study_end": study_end})
    [answer] = inspect_keys(pa.array([request])).to_pylist()
    return json.loads(answer)["problem"]


def test_it_is_hmac_sha256_cut_to_64_bits(path):
    [key] = read_keyring(ensure_key_file()).keys
    identifiers = ["+99970000001", "007", "7", "é", "+99970000001"]
    assert pseudonyms(*[(i, APRIL) for i in identifiers]) == [
        by_hand(key.secret, i) for i in identifiers
    ]


def test_noise_has_128_bits_in_hex(path):
    [key] = read_keyring(ensure_key_file()).keys
    texts, dates = pa.array(["noise", None, ""], pa.string()), pa.array([MARCH] * 3, pa.date32())
    expected = hmac_by_hand(key.secret, "noise").hex()[:32]
    assert keyed_bits(texts, dates).to_pylist() == [expected, None, None]


@pytest.mark.parametrize("length", [32, 64, 100])
def test_rfc_2104_holds_for_keys_of_any_length(path, length):
    key = bytes(range(length))
    path.parent.mkdir()
    path.write_text(key.hex())
    path.chmod(0o600)
    assert pseudonyms(("what do ya want", MARCH)) == [by_hand(key, "what do ya want")]


def test_null_and_empty_stay_null(path):
    ensure_key_file()
    first, *nothing, last = pseudonyms(
        ("a", MARCH), (None, MARCH), ("", MARCH), ("a", None), (None, None), ("a", MARCH)
    )
    assert nothing == [None] * 4
    assert first == last
    assert pseudonyms() == []
    assert pseudonym_key_id(pa.array([None, MARCH], pa.date32())).to_pylist() == [None, "k1"]
    assert pseudonym_key_id(pa.array([], pa.date32())).to_pylist() == []


def test_one_person_under_two_keys_is_two_unrelated_ids(two_keys):
    before, after, again = pseudonyms(("a", MARCH), ("a", APRIL), ("a", MAY))
    assert before != after
    assert after == again
    assert [before, after] == [by_hand(key.secret, "a") for key in two_keys.keys]


def test_a_batch_with_dates_of_both_keys_is_each_row_under_its_own(two_keys):
    """What a whole batch gives is what each row gives by itself, and by hand."""
    dates = [date.min, MARCH, APRIL, MAY, date.max, None]
    events = [(f"{n % 7}", dates[n % len(dates)]) for n in range(1000)]
    expected = [
        None if day is None else by_hand(two_keys.keys[day >= APRIL].secret, who)
        for who, day in events
    ]
    assert pseudonyms(*events) == expected
    key_ids = pseudonym_key_id(pa.array([day for _, day in events], pa.date32())).to_pylist()
    assert key_ids == [None if day is None else "k2" if day >= APRIL else "k1" for _, day in events]


def test_dates_beyond_those_of_python_have_a_key(two_keys):
    """Spark reads the year 12020 without complaint."""
    days = pa.array([-800_000, 3_700_000], pa.int32()).cast(pa.date32())
    assert pseudonym_key_id(days).to_pylist() == ["k1", "k2"]
    assert None not in pseudonymise(pa.array(["a", "a"]), days).to_pylist()


def test_a_destroyed_key_is_refused_and_the_other_goes_on(two_keys, path):
    [before] = pseudonyms(("a", APRIL))
    destroy(path, "k1")
    assert pseudonyms(("a", APRIL)) == [before]
    with pytest.raises(KeyFileError, match=r"k1 has been destroyed: events up to 2020-03-31"):
        pseudonyms(("a", APRIL), ("a", MARCH))
    assert pseudonym_key_id(pa.array([MARCH])).to_pylist() == ["k1"]


def test_a_destroyed_key_between_two_others_is_asked_for_by_its_own_dates_only(two_keys, path):
    rotate(path, MAY)
    destroy(path, "k2")
    assert None not in pseudonyms(("a", MARCH), ("a", MAY))


def test_a_change_of_the_keyring_is_seen_at_once(path):
    """Workers live for hours; a destroyed key must not live on in them."""
    ensure_key_file()
    [before] = pseudonyms(("a", APRIL))
    rotate(path, APRIL)
    [after] = pseudonyms(("a", APRIL))
    assert before != after
    path.chmod(0o644)
    with pytest.raises(KeyFileError, match="chmod 600"):
        pseudonyms(("a", APRIL))


def test_a_missing_keyring_says_where_it_should_be(path):
    with pytest.raises(KeyFileError, match="cannot be read"):
        pseudonyms(("a", APRIL))
    assert str(path) in problem(None, None)


@pytest.mark.parametrize(
    ("study_start", "study_end", "said"),
    [
        ("2020-01-01", "2020-03-31", None),
        ("2020-04-01", "2020-12-31", None),
        (None, "2020-03-31", None),
        ("2020-04-01", None, None),
        ("2020-03-31", "2020-04-01", "The study window (2020-03-31 to 2020-04-01) holds a change"),
        ("2020-03-31", None, "The study window (2020-03-31 to the last) holds a change"),
        (None, "2020-04-01", "The study window (the first event to 2020-04-01) holds a change"),
        (None, None, "The study window (all data) holds a change of key on 2020-04-01 (to k2)"),
    ],
)
def test_a_study_is_under_one_key(two_keys, study_start, study_end, said):
    found = problem(study_start, study_end)
    assert (found is None) == (said is None)
    if said:
        assert found.startswith(said)
        assert "set study_start and study_end to one side of it." in found


def test_with_one_key_every_study_is_under_one_key(path):
    ensure_key_file()
    assert problem(None, None) is None
    assert inspect_keys(pa.array([None], pa.string())).to_pylist() == [None]


def test_a_study_under_a_destroyed_key_is_refused(two_keys, path):
    rotate(path, MAY)
    destroy(path, "k2")
    assert problem("2020-03-01", "2020-03-31") is None
    said = problem("2020-04-10", "2020-04-20")
    assert said.startswith("The key k2 has been destroyed: events from 2020-04-01 up to 2020-04-30")
    # A destroyed key's dates do not fall to its neighbours.
    assert "(to k2), 2020-05-01 (to k3)" in problem(None, None)
