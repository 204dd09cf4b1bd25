"""Write the SigV4 vectors with botocore's own signer; ``--check`` compares instead.

Every value in a vector is a string, a list of [name, value] pairs, or null. ``path`` is the
key encoded as it is sent. The payload is text (UTF-8).
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import quote

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

FOLDER = Path(__file__).parent / "sigv4"
TIME = datetime(2024, 2, 9, 8, 7, 6, tzinfo=UTC)
# Why: AWS's own example pair; it opens nothing.
ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "FwoGZXIvYXdzE+with/odd=chars//=="

Pairs = list[list[str]]


def case(why: str, **given: Any) -> dict[str, Any]:
    """One request, by its differences from a plain GET."""
    plain: dict[str, Any] = {
        "why": why,
        "method": "GET",
        "scheme": "http",
        "host": "127.0.0.1:9000",
        "bucket": "lab-data",
        "key": "foo/bar/d.rds",
        "query": [],
        "headers": [],
        "payload": "",
        "region": "us-east-1",
        "session_token": None,
    }
    return plain | given


LISTING: Pairs = [
    ["list-type", "2"],
    ["prefix", "foo bar/é=+&/"],
    ["max-keys", "1000"],
    ["encoding-type", "url"],
    ["continuation-token", "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM="],
    ["Zebra", "upper case sorts before lower case"],
]
PUT_HEADERS: Pairs = [
    ["Content-Type", "application/octet-stream"],
    ["Content-MD5", "XrY7u+Ae7tCTyyK7j1rNww=="],
    ["If-None-Match", "*"],
]
ODD_KEYS = {
    "equals sign, as Hive partitions have": "year=2024/month=02/d.csv",
    "spaces": "my data/file name.csv",
    "plus sign": "a+b/c++.rds",
    "a literal %20, encoded once more": "odd%20name/100%.csv",
    "unicode outside ASCII": "équipe/données/漢字-🙂.rds",
    "tilde and other unreserved": "~user/a-b_c.d~",
    "empty segment": "a//b/c.rds",
    "all of the sub-delimiters": "a!$&'()*,;:@[]?#\"<>\\^`{|}.csv",
}
REQUESTS = [
    case("plain GET, host with port"),
    case("host without port", host="s3.example.org", scheme="https"),
    case(
        "bucket in the host",
        host="lab-data.s3.eu-west-1.amazonaws.com",
        bucket="",
        scheme="https",
        region="eu-west-1",
    ),
    case("list buckets: the path is a slash", bucket="", key=""),
    case("listing: the query is sorted by bytes and encoded", key="", query=LISTING),
    case("query name without value", key="", query=[["versioning", ""]]),
    case("PUT with a body and headers", method="PUT", headers=PUT_HEADERS, payload="hello world"),
    case("PUT of nothing", method="PUT", headers=PUT_HEADERS),
    case("header value with runs of space", headers=[["x-amz-meta-note", "a   b  c"]]),
    case("HEAD with a session token", method="HEAD", session_token=TOKEN),
    case("DELETE", method="DELETE"),
    case("ranged GET", headers=[["Range", "bytes=5-9"]]),
    *[case(f"key: {why}", key=key) for why, key in ODD_KEYS.items()],
]
LINKS = [
    case("presigned GET", expires="3600"),
    case("presigned PUT", method="PUT", expires="900"),
    case("presigned GET with a session token", session_token=TOKEN, expires="604800"),
    case("presigned GET with a query of its own", query=[["versionId", "a/b+c="]], expires="60"),
    case(
        "presigned PUT with a signed content type",
        method="PUT",
        headers=[["Content-Type", "text/csv"]],
        expires="60",
    ),
    *[case(f"presigned key: {why}", key=key, expires="60") for why, key in ODD_KEYS.items()],
]


def path_of(given: dict[str, Any]) -> str:
    """Return the path as boto3 sends it."""
    parts = [part for part in (given["bucket"], quote(given["key"], safe="/~")) if part]
    return "/" + "/".join(parts) + ("/" if given["bucket"] and not given["key"] else "")


def sign(given: dict[str, Any]) -> dict[str, Any]:
    """Add what botocore makes of a request."""
    credentials = Credentials(ACCESS_KEY, SECRET_KEY, given["session_token"])
    link = "expires" in given
    path = path_of(given)
    query = "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in given["query"]
    )
    request = AWSRequest(
        method=given["method"],
        url=f"{given['scheme']}://{given['host']}{path}{'?' + query if query else ''}",
        headers=dict(given["headers"]),
        data=given["payload"].encode(),
    )
    request.context["payload_signing_enabled"] = True
    signer: Any
    if link:
        signer = botocore.auth.S3SigV4QueryAuth(
            credentials, "s3", given["region"], expires=int(given["expires"])
        )
    else:
        signer = botocore.auth.S3SigV4Auth(credentials, "s3", given["region"])
        # Why: botocore leaves the body of an https request unsigned unless it is told; R signs it always.
        signer._should_sha256_sign_payload = lambda _request: True
    canonical: list[str] = []
    inner = signer.canonical_request

    def keep(asked: AWSRequest) -> str:
        canonical.append(inner(asked))
        return canonical[-1]

    with (
        mock.patch.object(botocore.auth, "get_current_datetime", return_value=TIME, create=True),
        mock.patch.object(signer, "canonical_request", keep),
    ):
        signer.add_auth(request)
    shown = given | {
        "access_key": ACCESS_KEY,
        "secret_key": SECRET_KEY,
        "time": TIME.strftime("%Y%m%dT%H%M%SZ"),
        "path": path,
    }
    if link:
        return shown | {"signature": str(request.url).rpartition("X-Amz-Signature=")[2]}
    return shown | {"canonical_request": canonical[0], "authorization": request.headers["Authorization"]}


def main() -> int:
    """Write or compare both files."""
    FOLDER.mkdir(exist_ok=True)
    wrong = 0
    for name, cases in (("header", REQUESTS), ("link", LINKS)):
        path = FOLDER / f"{name}.json"
        text = json.dumps([sign(given) for given in cases], indent=1, ensure_ascii=False) + "\n"
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
        elif path.read_text(encoding="utf-8") != text:
            sys.stderr.write(f"{path} differs from what botocore signs.\n")
            wrong += 1
    return wrong


if __name__ == "__main__":
    sys.exit(main())
