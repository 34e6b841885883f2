"""What is a missing identifier: the definitions and the macro say the same."""

from __future__ import annotations

import ast
import re

from tests.python.conftest import PROJECT
from tests.python.support.placeholders import documented, is_placeholder

MACRO = (PROJECT / "macros/landing/identifier.sql").read_text()


def test_the_documented_placeholders_are_those_of_the_macro():
    listed = ast.literal_eval(re.search(r"set texts = (\[.*?\]) -%}", MACRO, re.DOTALL)[1])
    assert listed == [text.lower() for text in documented()]
    assert len(listed) == len(set(listed)) > 20


def test_the_documented_signs_are_those_of_the_macro():
    """What holds nothing but zeros and these signs is nobody."""
    signs = re.search(r"trim\(leading '0(\S+) ", MACRO)[1].replace("\\\\", "\\")
    definitions = (PROJECT / "docs/definitions.md").read_text()
    listed = re.search(r"nothing but zeros, blanks, quotation marks and `([^`]+)`", definitions)[1]
    assert listed.split() == list(signs)


def test_every_identifier_of_a_person_goes_through_the_macro():
    """In staging, where it comes in; elsewhere nobody reads the landing tables."""
    people = ("subscriber_id", "counterpart_id", "customer_id")
    found = set()
    for path in (PROJECT / "models/staging").rglob("*.sql"):
        text = path.read_text()
        found |= {(path.stem, who) for who in re.findall(r"(?<!_)identifier\('(\w+)'\)", text)}
        for who in people:
            assert not re.search(rf"trim\({who}\)", text), path
    assert found == {
        ("stg_landing__events", "subscriber_id"),
        ("stg_landing__events", "counterpart_id"),
        ("stg_landing__recharges", "subscriber_id"),
        ("stg_listening__events", "customer_id"),
        ("stg_listening__customers", "customer_id"),
    }


def test_the_reference_knows_placeholders_from_identifiers():
    """The second calculation of the integration tests, by hand."""
    for nobody in ("", " ", "\\N", " NULL", "'none'", '""', "0", "0000000", "00-0", "-1", "#N/A"):
        assert is_placeholder(nobody), nobody
    for somebody in ("1", "100", "-2", "n", "nullah", "+0700", "a"):
        assert not is_placeholder(somebody), somebody
