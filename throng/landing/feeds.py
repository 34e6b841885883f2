"""The feeds of the landing folder: which columns each has and how its files are to be read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

EVENT_COLUMNS = {
    "subscriber_id": True,
    "event_at": True,
    "cell_id": True,
    "event_type": False,
    "direction": False,
    "counterpart_id": False,
    "duration_s": False,
    "volume_mb": False,
}
CELL_SITE_COLUMNS = {
    "cell_id": True,
    "longitude": True,
    "latitude": True,
    "site_id": False,
    "area_id": False,
    "valid_from": False,
    "valid_to": False,
    "azimuth": False,
    "technology": False,
}
AREA_COLUMNS = {
    "area_id": True,
    "area_level": True,
    "area_name": True,
    "parent_area_id": True,
    "population": False,
    "geometry": False,
    "boundary_source": False,
}
# Recharges of prepaid accounts. The balance that bandicoot speaks of is estimated from these.
RECHARGE_COLUMNS = {
    "subscriber_id": True,
    "recharge_at": True,
    "amount": True,
}
# What else is known of areas: cases, prices, rain, closures. Of no people.
CONTEXT_COLUMNS = {
    "area_id": True,
    "date": True,
    "name": True,
    "value": True,
}
# Figures of countries or districts, such as child mortality: a row each, a figure in every further
# column, whatever these are called. Of no people.
INDICATOR_COLUMNS = {
    "entity": True,
}
# The listener feed, as the service writes it: events without a header, in this order, ...
LISTENING_EVENT_COLUMNS = {
    "event_id": True,
    "customer_id": True,
    "track_id": True,
    "event_at": True,
    "is_mobile": True,
    "zip": True,
}
# ... and customers with one. Name and Address are not asked for, so no view shows them.
CUSTOMER_COLUMNS = {
    "customer_id": True,
    "gender": True,
    "zip": True,
    "sign_date": True,
    "status": True,
    "level": True,
    "campaign": True,
    "linked_apps": True,
}
_CUSTOMER_NAMES = {
    "customer_id": "CustID",
    "gender": "Gender",
    "sign_date": "SignDate",
    "status": "Status",
    "level": "Level",
    "campaign": "Campaign",
    "linked_apps": "LinkedWithApps",
}


# Columns that files may have in parts, and what stands between these once they are joined: a cell
# id that is unique within its location area only, a date and a time of day.
JOINED_BY = {"cell_id": "-", "event_at": " ", "recharge_at": " "}

Names = str | Sequence[str]


@dataclass(frozen=True)
class Feed:
    """One folder of the landing area and how its files are to be read.

    Attributes:
        name: sub-folder and table name.
        columns: our column names; True for those that must be there.
        mapping: our column name -> the name in the files, where they differ; several names for a
            column of JOINED_BY, as a list or with semicolons between them.
        delimiter: of CSV files; None: found from their first lines.
        has_header: whether CSV files begin with a line of names.
        mapping_var: the var that maps its columns.
        delimiter_var: the var that says its delimiter, if there is one.
        is_optional: whether the folder may be missing or empty.
        is_csv_only: whether it comes as CSV alone.
        has_others: whether what else its files have is read too, by the names that it has there.
    """

    name: str
    columns: Mapping[str, bool]
    mapping: Mapping[str, Names] = field(default_factory=dict)
    delimiter: str | None = None
    has_header: bool = True
    mapping_var: str | None = None
    delimiter_var: str | None = None
    is_optional: bool = False
    is_csv_only: bool = False
    has_others: bool = False

    @property
    def wanted(self) -> list[str]:
        """Our columns that must be there: the required ones, and what somebody has mapped."""
        return [name for name, needed in self.columns.items() if needed or name in self.mapping]

    @property
    def has_names(self) -> bool:
        """Whether CSV files name their columns. Not where all are mapped by position."""
        required = [name for name, needed in self.columns.items() if needed]
        parts = [part for column in required for part in self.parts(column)]
        return self.has_header and not all(re.fullmatch(r"column_\d+", part) for part in parts)

    def parts(self, column: str) -> list[str]:
        """What our `column` is called in the files, in parts where it is mapped to several."""
        names = self.mapping.get(column, column)
        if not isinstance(names, str):
            return list(names)
        parts = [part.strip() for part in names.split(";")]
        return parts if column in JOINED_BY and len(parts) > 1 and all(parts) else [names]

    def sources(self, column: str, known: Mapping[str, str]) -> list[str]:
        """The columns of a file that hold our `column`; none where one of them is missing.

        Args:
            column: one of ours.
            known: key of each name in the file -> what it is called in SQL.
        """
        names = self.mapping.get(column, column)
        if isinstance(names, str) and key(names) in known:
            return [known[key(names)]]  # a name may have a semicolon of its own
        found = [known.get(key(part)) for part in self.parts(column)]
        return [] if None in found else found


def key(name: str) -> str:
    """What two spellings of one name have in common: upper and lower case, composed or not."""
    return unicodedata.normalize("NFC", name).strip().lower()


def feeds_of(
    event_columns: Mapping[str, Names],
    recharge_columns: Mapping[str, Names],
    cell_site_columns: Mapping[str, Names],
    area_columns: Mapping[str, Names],
    indicator_columns: Mapping[str, Names],
    event_delimiter: str | None = None,
    event_header: bool = True,
) -> list[Feed]:
    """All feeds, those that may be missing last.

    Args:
        event_columns, recharge_columns, cell_site_columns, area_columns, indicator_columns: our
            column name -> that in the files, where they differ.
        event_delimiter: of the CSV files of events and recharges; None: found.
        event_header: whether these begin with a line of names.
    """
    of_events = {
        "delimiter": event_delimiter,
        "has_header": event_header,
        "delimiter_var": "event_delimiter",
    }
    return [
        Feed("events", EVENT_COLUMNS, event_columns, mapping_var="event_columns", **of_events),
        Feed("cell_sites", CELL_SITE_COLUMNS, cell_site_columns, mapping_var="cell_site_columns"),
        Feed("areas", AREA_COLUMNS, area_columns, mapping_var="area_columns"),
        Feed(
            "recharges",
            RECHARGE_COLUMNS,
            recharge_columns,
            mapping_var="recharge_columns",
            is_optional=True,
            **of_events,
        ),
        Feed(
            "listening_events",
            LISTENING_EVENT_COLUMNS,
            {name: f"column_{n}" for n, name in enumerate(LISTENING_EVENT_COLUMNS, start=1)},
            delimiter=",",
            has_header=False,
            is_optional=True,
            is_csv_only=True,
        ),
        Feed("customers", CUSTOMER_COLUMNS, _CUSTOMER_NAMES, is_optional=True, is_csv_only=True),
        Feed("context", CONTEXT_COLUMNS, is_optional=True),
        Feed(
            "indicators",
            INDICATOR_COLUMNS,
            indicator_columns,
            mapping_var="indicator_columns",
            is_optional=True,
            is_csv_only=True,
            has_others=True,
        ),
    ]
