"""PostgreSQL of the readers without a PostgreSQL: verifiers, SQL, CSV, starts that are refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import subprocess
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from tests.python.conftest import clean_environment, run_throng
from tests.python.support.readers import publish
from throng.serve import control
from throng.serve.copies import CopiedFile, CopiedMart, CopyError, NewCopy
from throng.serve.postgres.ddl import create_table, key_of, literal, quoted, type_of
from throng.serve.postgres.rights import is_possible, logins_of, rights_of
from throng.serve.postgres.rows import csv_of, digest_of
from throng.serve.postgres.scram import verifier
from throng.serve.postgres.settings import Limits, PostgresSettings
from throng.serve.roles import Role, Roles, User, add_user, hash_password
from throng.server.processes import write_state

LEVELS = CopiedMart(
    (("area_level", "string", "Level."), ("n", "bigint", "It's n.")),
    "Grain: one.",
    (CopiedFile("0.parquet", "admin1", None), CopiedFile("1.parquet", "admin2", None)),
)


# Passwords ----------------------------------------------------------------------------------------


def test_the_verifier_is_that_of_rfc_7677():
    """Its example: user `user`, password `pencil`; the signatures there follow from these keys."""
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    assert verifier(hash_password("pencil", salt, 4096)) == (
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
        "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    )


def test_the_proof_of_rfc_7677_fits_the_verifier():
    """The client's proof of the example, checked as a server does."""
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    _, _, keys = verifier(hash_password("pencil", salt, 4096)).split("$")
    stored, server = (base64.b64decode(key) for key in keys.split(":"))
    nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    message = (
        f"n=user,r=rOprNGfwEbeRWgbNEkqO,r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
        f"c=biws,r={nonce}"
    ).encode()
    proof = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    signature = hmac.digest(stored, message, "sha256")
    client_key = bytes(a ^ b for a, b in zip(proof, signature, strict=True))
    assert hashlib.sha256(client_key).digest() == stored
    answer = base64.b64encode(hmac.digest(server, message, "sha256")).decode()
    assert answer == "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


# SQL ----------------------------------------------------------------------------------------------


def test_a_table_has_its_rule_before_it_has_rows():
    statements = create_table("count_it", LEVELS)
    assert statements[0] == (
        'create table marts."count_it" (\n    "area_level" text,\n    "n" bigint\n)'
    )
    text = "\n".join(statements)
    for part in (
        "force row level security",
        'quote_nullable("area_level") = any (array(',
        "s.reader = current_user and s.mart = 'count_it'",
        'alter "n" set statistics 0',
        "is 'It''s n.'",
    ):
        assert part in text


def test_names_and_texts_stay_what_they_are():
    assert quoted('a"b') == '"a""b"'
    assert literal("it's") == "'it''s'"
    assert literal("a\\'b") == " E'a\\\\''b'"


def test_keys_have_the_columns_that_a_mart_has():
    about = CopiedMart((("mart", "string", ""),), "", ())
    both = CopiedMart((("area_level", "string", ""), ("mart", "string", "")), "", ())
    assert key_of(LEVELS, "l", "a") == "quote_nullable(l)"
    assert key_of(about, "l", "a") == "quote_nullable(a)"
    assert key_of(both, "l", "a") == "quote_nullable(l) || ',' || quote_nullable(a)"
    assert key_of(CopiedMart((("n", "bigint", ""),), "", ()), "l", "a") == "''"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("string", "text"),
        ("timestamp", "timestamp without time zone"),
        ("double", "double precision"),
        ("int", "integer"),
        ("decimal(5,2)", "numeric(5,2)"),
    ],
)
def test_types(kind, expected):
    assert type_of("m", "c", kind) == expected


def test_a_type_without_a_word_for_it_is_refused():
    with pytest.raises(CopyError, match=r"marts\.m has the column c of type array<int>"):
        type_of("m", "c", "array<int>")


def test_rights_are_those_of_files():
    roles = Roles(
        {
            "all": Role(None, None),
            "coarse": Role(None, frozenset({"admin1"})),
            "none": Role(frozenset(), None),
        },
        {name: User(name, "") for name in ("all", "coarse")}
        | {"out": User("none", ""), "pg_monitor": User("all", "")},
    )
    rows, grants = rights_of({"m": LEVELS}, roles)
    assert rows == {
        ("all", "m", "admin1", None),
        ("all", "m", "admin2", None),
        ("coarse", "m", "admin1", None),
    }
    assert grants == {("m", "all", "SELECT"), ("m", "coarse", "SELECT")}
    in_ldap = Roles({"a": Role(None, None)}, {"lea": User("a", "ldap"), "x": User("a", "")})
    assert logins_of(in_ldap) == ["x"]
    assert [is_possible(name) for name in ("pg_x", "public", "none", "user")] == [False] * 3 + [
        True
    ]


# CSV ----------------------------------------------------------------------------------------------


def test_every_value_comes_through_csv(tmp_path):
    values = {
        "s": ["", None, 'a "b", c\nd\\.'],
        "t": pa.array([datetime(2020, 2, 3, 4, 5, 6, 7), None, None], pa.timestamp("us", "UTC")),
        "d": pa.array([date(2020, 2, 3), None, None]),
        "f": [0.1, None, float("nan")],
        "b": [True, False, None],
        "m": pa.array([Decimal("1.50"), None, None], pa.decimal128(5, 2)),
    }
    kinds = ["string", "timestamp", "date", "double", "boolean", "decimal(5,2)"]
    new = NewCopy(tmp_path)
    columns = [(name, kind, "") for name, kind in zip(values, kinds, strict=True)]
    new.add("m", pa.table(values), columns)
    copy = new.put_in_force("x")
    assert b"".join(csv_of(tmp_path, copy, "m")).decode() == (
        '"","2020-02-03 04:05:06.000007","2020-02-03","0.1","true","1.50"\n'
        ',,,,"false",\n'
        '"a ""b"", c\nd\\.",,,"nan",,\n'
    )
    before = digest_of(tmp_path, copy, "m")
    assert digest_of(tmp_path, copy, "m") == before
    (tmp_path / "1" / "m" / "0.parquet").write_bytes(b"other")
    assert digest_of(tmp_path, copy, "m") != before
    with pytest.raises(CopyError, match="The copy of m cannot be read"):
        list(csv_of(tmp_path, copy, "m"))


# Starts -------------------------------------------------------------------------------------------


@pytest.fixture
def env(tmp_path):
    add_user(tmp_path / "own" / "roles.yml", "anna", "public", "long-enough-to-be-one")
    return clean_environment(
        THRONG_SERVE_FOLDER=str(tmp_path / "serve"),
        THRONG_ROLES=str(tmp_path / "own" / "roles.yml"),
    )


def refused(env, *options: str) -> str:
    done = run_throng("serve", "postgres", *options, env=env)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_without_postgresql_files_are_the_way(env, tmp_path):
    env["THRONG_POSTGRES_BIN"] = str(tmp_path)
    said = refused(env, "start", "--no-follow")
    assert "There is no PostgreSQL (postgres, initdb) in" in said
    assert "throng serve postgres files FOLDER" in said
    assert "There is no copy in" in refused(env, "files", str(tmp_path / "files"))
    (tmp_path / "serve").mkdir(mode=0o700)
    publish(tmp_path / "serve" / "copies")
    done = run_throng("serve", "postgres", "files", str(tmp_path / "files"), env=env)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "files" / "data" / "count_residents.csv").read_text().count("\n") == 3
    assert (tmp_path / "files" / "users.sql").stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_is_said_in_one_sentence(env):
    assert "Each limit is a whole number" in refused(env, "start", "--seconds", "0")
    assert "512 is the least of a session" in refused(env, "start", "--memory-mb", "100")
    assert "go together" in refused(env, "start", "--certificate", "x.pem")


def test_settings_survive_their_way_to_the_watcher(tmp_path):
    settings = PostgresSettings(cluster=tmp_path / "a b", limits=Limits(seconds=7))
    assert PostgresSettings.from_json(settings.to_json()) == settings


def test_what_follows_the_build_server_stays_for_the_other_server(tmp_path):
    settings = PostgresSettings(folder=tmp_path).serve
    settings.run_folder.mkdir()
    settings.postgres_state_file.parent.mkdir()
    follower = subprocess.Popen(["sleep", "60"])
    try:
        write_state(settings.follower_file, follower.pid)
        write_state(settings.postgres_state_file, os.getpid())
        assert control.follow(settings, settings.postgres_state_file, print) is None
        control.stop(settings)
        assert follower.poll() is None
        settings.postgres_state_file.unlink()
        control.stop(settings)
        follower.wait(10)
    finally:
        follower.kill()
