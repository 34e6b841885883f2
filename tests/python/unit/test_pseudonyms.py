"""The pseudonymisation function, without Spark."""

from __future__ import annotations

import hashlib
import hmac
import stat

import pyarrow as pa
import pytest

from throng.udfs import pseudonyms
from throng.udfs.pseudonyms import KeyFileError, ensure_key_file, pseudonymise, read_key


@pytest.fixture
def key_path(tmp_path, monkeypatch):
    path = tmp_path / "secret" / "pseudonym.key"
    monkeypatch.setenv("THRONG_KEY_FILE", str(path))
    pseudonyms._hmac_states.cache_clear()
    yield path
    pseudonyms._hmac_states.cache_clear()


def test_it_is_hmac_sha256_cut_to_128_bits(key_path):
    key = bytes.fromhex(ensure_key_file().read_text().strip())
    identifiers = ["+99970000001", "007", "7", "é", "+99970000001"]
    expected = [hmac.new(key, i.encode(), hashlib.sha256).hexdigest()[:32] for i in identifiers]
    assert pseudonymise(pa.array(identifiers)).to_pylist() == expected


@pytest.mark.parametrize("length", [32, 64, 100])
def test_rfc_2104_holds_for_keys_of_any_length(key_path, length):
    key = bytes(range(length))
    key_path.parent.mkdir()
    key_path.write_text(key.hex())
    key_path.chmod(0o600)
    expected = hmac.new(key, b"what do ya want", hashlib.sha256).hexdigest()[:32]
    assert pseudonymise(pa.array(["what do ya want"])).to_pylist() == [expected]


def test_null_and_empty_stay_null(key_path):
    ensure_key_file()
    result = pseudonymise(pa.array(["a", None, "", "a"]))
    assert result.to_pylist()[1:3] == [None, None]
    assert result[0] == result[3]
    assert pseudonymise(pa.array([], pa.string())).to_pylist() == []


def test_another_key_gives_unrelated_pseudonyms(key_path):
    ensure_key_file()
    first = pseudonymise(pa.array(["a", "b"])).to_pylist()
    key_path.unlink()
    pseudonyms._hmac_states.cache_clear()
    ensure_key_file()
    assert not set(first) & set(pseudonymise(pa.array(["a", "b"])).to_pylist())


def test_the_key_is_made_once_and_only_for_its_owner(key_path):
    assert ensure_key_file() == key_path
    text = key_path.read_text()
    assert len(bytes.fromhex(text.strip())) == 32
    assert stat.S_IMODE(key_path.stat().st_mode) == 0o600
    ensure_key_file()
    assert key_path.read_text() == text


def test_a_key_in_a_repository_is_refused(key_path, tmp_path):
    (tmp_path / ".git").mkdir()
    with pytest.raises(KeyFileError, match="would lie in the repository"):
        ensure_key_file()
    assert not key_path.exists()


def test_a_key_that_others_can_read_is_refused(key_path):
    ensure_key_file().chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        read_key(key_path)


@pytest.mark.parametrize("content", ["", "abc", "zz" * 32, "00" * 31])
def test_a_key_that_is_no_key_is_refused_without_showing_it(key_path, content):
    key_path.parent.mkdir()
    key_path.write_text(content)
    key_path.chmod(0o600)
    with pytest.raises(KeyFileError) as error:
        read_key(key_path)
    assert not content or content not in str(error.value)


def test_a_missing_key_says_where_it_should_be(key_path):
    with pytest.raises(KeyFileError, match="cannot be read"):
        pseudonymise(pa.array(["a"]))
