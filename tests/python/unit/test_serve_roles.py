"""The file of users and roles, and which files of a copy a role reads; without a server."""

from __future__ import annotations

import hashlib
import stat
from base64 import b64decode

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from tests.python.conftest import clean_environment, run_throng
from throng.serve.copies import NewCopy, current_number, read_copy
from throng.serve.roles import (
    ITERATIONS,
    Role,
    RolesError,
    add_user,
    hash_password,
    read_roles,
    remove_user,
)

PASSWORD = "long-enough-to-be-one"
#: Of 30 bytes.
SHORT_HASH = f"pbkdf2_sha256$310000${'A' * 22}==${'A' * 40}"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "private" / "roles.yml"


def written(path, **given):
    path.parent.mkdir(exist_ok=True)
    everything = {"roles": {"public": {"marts": "all", "area_levels": "all"}}, "users": {}, **given}
    path.write_text(yaml.safe_dump(everything))
    path.chmod(0o600)
    return path


def test_the_first_user_makes_the_file_for_its_owner_alone(path):
    assert add_user(path, "anna", "public", PASSWORD)
    assert not add_user(path, "anna", "public", f"{PASSWORD},another")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert read_roles(path).users["anna"].role == "public"
    assert PASSWORD not in path.read_text()
    remove_user(path, "anna")
    assert read_roles(path).users == {}
    with pytest.raises(RolesError, match="There is no user anna"):
        remove_user(path, "anna")


def test_a_password_is_a_salted_hash_that_takes_its_time():
    first, second = hash_password(PASSWORD), hash_password(PASSWORD)
    assert first != second
    kind, iterations, salt, digest = first.split("$")
    assert kind == "pbkdf2_sha256" and int(iterations) == ITERATIONS >= 210_000
    assert hashlib.pbkdf2_hmac(
        "sha256", PASSWORD.encode(), b64decode(salt), ITERATIONS
    ) == b64decode(digest)


@pytest.mark.parametrize(
    ("name", "role", "password", "sentence"),
    [
        ("Anna", "public", PASSWORD, "is no name of a user"),
        ("anna b", "public", PASSWORD, "is no name of a user"),
        ("anna", "secret", PASSWORD, "There is no role secret in .*; the roles are: public"),
        ("anna", "public", "short", "The password has 5 characters; 12 are the fewest"),
        ("anna", "public", "a pass phrase of words", "has a blank or a quotation mark, which Beel"),
        ("anna", "public", "it's-a-long-password", "has a blank or a quotation mark, which Beel"),
    ],
)
def test_what_cannot_be_a_user(path, name, role, password, sentence):
    with pytest.raises(RolesError, match=sentence):
        add_user(written(path), name, role, password)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"roles": {"a b": {"marts": "all", "area_levels": "all"}}}, "is no name"),
        ({"roles": {"a": {"marts": "all"}}}, "must have marts: and area_levels:"),
        ({"roles": {"a": {"marts": "x", "area_levels": "all"}}}, "must be 'all' or a list"),
        ({"roles": {"a": {"marts": [1], "area_levels": "all"}}}, "must be 'all' or a list"),
        ({"users": {"anna": {"role": "public"}}}, "must have role: and password:"),
        ({"users": {"anna": {"role": "x", "password": "y"}}}, "has the role x, which is not there"),
        ({"users": {"anna": {"role": "public", "password": "plain"}}}, "is no hash"),
        (
            {"users": {"anna": {"role": "public", "password": hash_password("x", None, 1000)}}},
            "is no hash that this program has written",
        ),
        ({"users": {"anna": {"role": "public", "password": SHORT_HASH}}}, "is no hash that this"),
        ({"users": {"a" * 64: {"role": "public", "password": SHORT_HASH}}}, "is no name"),
        ({"user": {}}, "must have roles: and users:"),
        ({"roles": ["a"]}, "must be a list of names with what each has"),
    ],
)
def test_a_file_that_says_what_cannot_be_is_refused(path, given, sentence):
    with pytest.raises(RolesError, match=sentence):
        read_roles(written(path, **given))


def test_a_file_that_is_not_there_open_to_others_or_no_yaml_is_refused(path):
    with pytest.raises(RolesError, match="There is no file of users and roles"):
        read_roles(path)
    written(path).chmod(0o640)
    with pytest.raises(RolesError, match="Others can read the file"):
        read_roles(path)
    path.chmod(0o600)
    path.write_text("roles: {a: [")
    with pytest.raises(RolesError, match="is no YAML, line 1"):
        read_roles(path)


def test_the_command_reads_the_password_from_its_input(path):
    env = clean_environment(THRONG_ROLES=str(path))
    done = run_throng("serve", "user", "add", "anna", "--role", "public", env=env, input=PASSWORD)
    assert done.returncode == 0, done.stderr
    listed = run_throng("serve", "user", "list", env=env)
    assert listed.stdout.split() == ["anna", "public"]
    refused = run_throng("serve", "user", "add", "bob", "--role", "public", env=env, input="short")
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1 and "12 are the fewest" in refused.stderr


# Copies -------------------------------------------------------------------------------------------


def of(table: pa.Table) -> list[tuple[str, str, str]]:
    return [(name, "string", "") for name in table.column_names]


def test_a_role_reads_whole_files_that_hold_its_rows_and_no_others(tmp_path):
    areas = pa.table({"area_level": ["a", "b", None, "a"], "area_id": ["1", "2", "3", "4"]})
    about = pa.table({"mart": ["areas", "flows"], "n": ["1", "2"]})
    flows = pa.table({"from_area_id": ["1"], "to_area_id": ["2"]})
    new = NewCopy(tmp_path / "copies")
    for name, table in {"areas": areas, "releases": about, "flows": flows}.items():
        new.add(name, table, of(table))
    new.put_in_force("first")
    copy = read_copy(tmp_path / "copies", current_number(tmp_path / "copies"))

    def seen(mart: str, role: Role) -> list[str]:
        last = copy.marts[mart].names[-1]
        folder = tmp_path / "copies" / "1" / mart
        files = copy.marts[mart].files_for(role)
        return sorted(v for f in files for v in pq.read_table(folder / f.name)[last].to_pylist())

    everything, coarse = Role(None, None), Role(None, frozenset({"a"}))
    assert seen("areas", everything) == ["1", "2", "3", "4"]
    assert seen("areas", coarse) == ["1", "4"]
    assert seen("releases", everything) == ["1", "2"]
    assert seen("releases", Role(frozenset({"releases", "flows"}), None)) == ["2"]
    # Areas whose level is not said are not for who is held to some levels.
    assert copy.marts["flows"].is_for(everything, "flows")
    assert not copy.marts["flows"].is_for(coarse, "flows")


def test_the_copy_before_the_last_stays_for_who_is_just_reading_it(tmp_path):
    for number in (1, 2, 3):
        assert NewCopy(tmp_path).put_in_force(f"release {number}").number == number
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2", "3", "current"]
    given_up = NewCopy(tmp_path)
    given_up.give_up()
    assert current_number(tmp_path) == 3


def test_a_user_whose_password_is_in_ldap(path):
    assert add_user(path, "lea", "public", None)
    assert read_roles(path).users["lea"].password == "ldap"
    assert not add_user(path, "lea", "public", "a-password-of-its-own")
    assert read_roles(path).users["lea"].password.startswith("pbkdf2_sha256$")
