"""An Athena workgroup that its users cannot get round, as `aws athena create-work-group` takes it.

JSON of the command line, not CloudFormation: these are the names of the Athena API, so boto3 and
Terraform have them too, nobody needs a stack or the right to make one, and the service model that
the command line brings along checks every name before anything is sent.
"""

from __future__ import annotations

import json
import re

#: What Athena takes as the smallest limit.
MB = 1_000_000
SMALLEST_LIMIT = 10 * MB
_UNITS = {"MB": MB, "GB": 1000 * MB, "TB": 1_000_000 * MB}
_NAME = re.compile(r"[\w.-]{1,128}", re.ASCII)


class WorkgroupError(Exception):
    """What no workgroup can be made of; the message says what is wrong and what to give."""


def workgroup(name: str, results: str, scan_limit: str, kms_key: str | None = None) -> str:
    """The input of `aws athena create-work-group --cli-input-json`.

    Args:
        name: of the workgroup.
        results: folder of S3 for results of queries.
        scan_limit: how much a query may read before it is stopped, such as 10GB.
        kms_key: key that results are encrypted with; None is a key of S3 itself.

    Raises:
        WorkgroupError: a value that Athena would not take.
    """
    if not _NAME.fullmatch(name):
        raise WorkgroupError(
            f"--name is '{name}': a workgroup has letters (a to z), digits, '.', '_' and '-', 128 "
            "at most."
        )
    if not re.fullmatch(r"s3://[^/\s]+(/[^\x00-\x1f]*)?", results):
        raise WorkgroupError(
            f"--results is '{results}': results of Athena go to S3, such as s3://bucket/prefix/."
        )
    encryption = (
        {"EncryptionOption": "SSE_KMS", "KmsKey": kms_key}
        if kms_key
        else {"EncryptionOption": "SSE_S3"}
    )
    configuration = {
        # Else a client may choose a place and an encryption of its own.
        "EnforceWorkGroupConfiguration": True,
        "ResultConfiguration": {
            "OutputLocation": f"{results.rstrip('/')}/",
            "EncryptionConfiguration": encryption,
        },
        "BytesScannedCutoffPerQuery": limit_of(scan_limit),
        "PublishCloudWatchMetricsEnabled": True,
        "EngineVersion": {"SelectedEngineVersion": "Athena engine version 3"},
    }
    described = {
        "Name": name,
        "Description": "Published marts: a limit for each query, results encrypted in one place.",
        "Configuration": configuration,
    }
    return json.dumps(described, indent=2) + "\n"


def limit_of(text: str) -> int:
    """Bytes of a limit such as 500MB, 10GB or 1.5TB; a MB is a million bytes, as for Athena.

    Raises:
        WorkgroupError: it is not understood, or less than Athena takes.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?) ?(MB|GB|TB)", text, re.IGNORECASE | re.ASCII)
    if not match:
        raise WorkgroupError(f"--scan-limit is '{text}': write it like 500MB, 10GB or 1TB.")
    limit = round(float(match[1]) * _UNITS[match[2].upper()])
    if limit < SMALLEST_LIMIT:
        raise WorkgroupError(f"--scan-limit is {text}: Athena takes 10MB or more.")
    return limit
