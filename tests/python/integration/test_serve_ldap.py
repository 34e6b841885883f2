"""Readers whose password an LDAP server knows: a real one, of the system's package."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from thrift.transport.TTransport import TTransportException

from tests.python.support.readers import Readers, password_of, readers_in
from throng.serve.roles import add_user
from throng.server.processes import free_port

pytestmark = pytest.mark.long

ADMIN = "cn=admin,dc=example,dc=org"
CONFIGURATION = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/pid
argsfile {folder}/args
database mdb
suffix "dc=example,dc=org"
rootdn "{admin}"
rootpw the-admin-of-ldap
directory {folder}/db
"""
PEOPLE = """\
dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
o: example

dn: uid=lea,dc=example,dc=org
objectClass: inetOrgPerson
cn: Lea
sn: Lea
userPassword: lea-lea-2020

dn: uid=paula,dc=example,dc=org
objectClass: inetOrgPerson
cn: Paula
sn: Paula
userPassword: another-one-in-ldap
"""


@contextlib.contextmanager
def ldap_in(folder: Path) -> Iterator[str]:
    """The address of an LDAP server with two people."""
    slapd = shutil.which("slapd", path="/usr/sbin:/usr/lib/openldap:/usr/bin")
    if not slapd or not shutil.which("ldapadd") or not Path("/etc/ldap/schema").exists():
        # A server of the system's package, which is not part of the set-up.
        pytest.skip("no slapd on this machine (apt-get install slapd ldap-utils): LDAP UNTESTED")
    (folder / "db").mkdir(parents=True)
    (folder / "slapd.conf").write_text(CONFIGURATION.format(folder=folder, admin=ADMIN))
    (folder / "people.ldif").write_text(PEOPLE)
    url = f"ldap://127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        [slapd, "-f", str(folder / "slapd.conf"), "-h", url, "-d", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    add = ["ldapadd", "-x", "-H", url, "-D", ADMIN, "-w", "the-admin-of-ldap"]
    try:
        deadline = time.monotonic() + 30
        while True:
            done = subprocess.run(
                [*add, "-f", str(folder / "people.ldif")],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode == 0:
                break
            assert time.monotonic() < deadline, done.stderr
            time.sleep(0.3)
        yield url
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def readers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ldap")
    with (
        ldap_in(folder / "slapd") as url,
        readers_in(
            folder, "--ldap-url", url, "--ldap-user-dn", "uid=%s,dc=example,dc=org"
        ) as readers,
    ):
        add_user(readers.roles, "lea", "coarse", None)
        time.sleep(1)  # the file is looked at every half second
        yield readers


def test_whose_password_is_in_ldap_reads_by_the_role_of_the_file(readers: Readers):
    assert readers.query("lea", "select current_user(), count(*) from marts.count_residents") == [
        ("lea", 2)
    ]


@pytest.mark.parametrize("given", ["wrong-password", "", "ldap", password_of("paula")])
def test_the_password_has_to_be_the_one_in_ldap(readers: Readers, given):
    with pytest.raises((TTransportException, AttributeError)):
        readers.connect("lea", password=given)


def test_who_has_a_hash_in_the_file_is_not_asked_for_in_ldap(readers: Readers):
    with pytest.raises(TTransportException):
        readers.connect("paula", password="another-one-in-ldap")
    assert readers.query("paula", "select count(*) from marts.count_residents") == [(3,)]


def test_who_is_in_ldap_only_does_not_get_in(readers: Readers):
    with pytest.raises(TTransportException):
        readers.connect("admin", password="the-admin-of-ldap")
