"""The feeds of the landing folder: which columns each has and how its files are to be read."""

from __future__ import annotations

from collections.abc import Mapping
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


@dataclass(frozen=True)
class Feed:
    """One folder of the landing area and how its files are to be read.

    Attributes:
        name: sub-folder and table name.
        columns: our column names; True for those that must be there.
        mapping: our column name -> the name in the files, where they differ.
        delimiter: of CSV files.
        has_header: whether CSV files begin with a line of names.
        mapping_var: the var that maps its columns; its files are delimited as those of events.
        is_optional: whether the folder may be missing or empty.
        is_csv_only: whether it has one form, as the service writes it.
    """

    name: str
    columns: Mapping[str, bool]
    mapping: Mapping[str, str] = field(default_factory=dict)
    delimiter: str = ","
    has_header: bool = True
    mapping_var: str | None = None
    is_optional: bool = False
    is_csv_only: bool = False

    def name_in_files(self, column: str) -> str:
        """What our `column` is called in the files."""
        return self.mapping.get(column, column)


def feeds_of(
    event_columns: Mapping[str, str],
    recharge_columns: Mapping[str, str],
    event_delimiter: str = ",",
    event_header: bool = True,
) -> list[Feed]:
    """All feeds, those that may be missing last.

    Args:
        event_columns, recharge_columns: our column name -> the operator's, where they differ.
        event_delimiter: of the CSV files of events and recharges.
        event_header: whether these begin with a line of names.
    """
    return [
        Feed(
            "events",
            EVENT_COLUMNS,
            event_columns,
            event_delimiter,
            event_header,
            mapping_var="event_columns",
        ),
        Feed("cell_sites", CELL_SITE_COLUMNS),
        Feed("areas", AREA_COLUMNS),
        Feed(
            "recharges",
            RECHARGE_COLUMNS,
            recharge_columns,
            event_delimiter,
            event_header,
            mapping_var="recharge_columns",
            is_optional=True,
        ),
        Feed(
            "listening_events",
            LISTENING_EVENT_COLUMNS,
            {name: f"column_{n}" for n, name in enumerate(LISTENING_EVENT_COLUMNS, start=1)},
            has_header=False,
            is_optional=True,
            is_csv_only=True,
        ),
        Feed("customers", CUSTOMER_COLUMNS, _CUSTOMER_NAMES, is_optional=True, is_csv_only=True),
    ]
