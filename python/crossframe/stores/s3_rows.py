"""The rows of S3's listings, from XML.

Why not by botocore: its way takes several times as long. All else of an answer, and every answer that is none
of a server that is well, is left to it.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from botocore.parsers import ResponseParserError

from crossframe.stores.s3_session import read_timestamp

if TYPE_CHECKING:
    from crossframe.stores.s3_bucket import Answer, Arguments
    from crossframe.stores.s3_session import Connection

_OK = 200
_ROOT = "ListBucketResult"
# Many objects are written within one second; then they share what is told of it.
_times = lru_cache(maxsize=4096)(read_timestamp)


def read_rows(connection: Connection) -> None:
    """Read the rows of each listing of objects here; to say so again changes nothing."""
    # Why the star: then it comes before botocore's own handlers, one of which reads the whole answer, too.
    connection.client.meta.events.register(
        "before-parse.*.ListObjectsV2", _take_rows, unique_id="crossframe-rows"
    )


def _take_rows(response_dict: Arguments, customized_response_dict: Arguments, **_: object) -> None:
    """Take the rows out of an answer, before botocore reads the rest of it."""
    if response_dict["status_code"] != _OK:
        return
    try:
        root = ET.fromstring(response_dict["body"])  # noqa: S314 - as botocore does
    except ET.ParseError:
        # What is wrong is botocore's to say.
        return
    if not root.tag.endswith(_ROOT):
        return
    space = root.tag.removesuffix(_ROOT)
    tag = f"{space}Contents"
    rows = [_row({cell.tag: cell.text for cell in one}, space) for one in root.iterfind(tag)]
    rest = ET.Element(root.tag)
    rest.extend(one for one in root if one.tag != tag)
    response_dict["body"] = ET.tostring(rest)
    if rows:
        customized_response_dict["Contents"] = rows


def _row(cells: Answer, space: str) -> Answer:
    """Return a row as botocore gives it; its key is decoded by botocore."""
    try:
        row: Arguments = {
            "Key": cells[f"{space}Key"] or "",
            "Size": int(cells[f"{space}Size"]),
            "LastModified": _times(cells[f"{space}LastModified"]),
            "ETag": cells.get(f"{space}ETag") or "",
        }
    except (KeyError, TypeError, ValueError) as error:
        raise ResponseParserError(f"a row of the listing can't be read: {error!r}") from error
    if storage_class := cells.get(f"{space}StorageClass"):
        row["StorageClass"] = sys.intern(storage_class)
    return row
