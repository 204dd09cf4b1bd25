"""A listing's pages and rows: read whole or not at all, asked for ahead, in the order of bytes."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from crossframe import errors
from crossframe.stores import S3Options, S3Store
from crossframe.stores.s3_listing import OBJECTS, pages
from crossframe.stores.s3_request import Request
from scripted import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripted import Scripted

PATIENCE_S = 60
NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
TIME = "<LastModified>2025-01-06T10:00:00.250Z</LastModified>"


def listing(rows: str, space: str = NAMESPACE) -> Answer:
    body = f"<ListBucketResult {space}><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>"
    return Answer(200, body.encode(), {"Content-Type": "application/xml"})


def store(scripted: Scripted) -> S3Store:
    options = S3Options(
        endpoint=scripted.endpoint, access_key="lab", secret_key="lab", region="us-east-1", attempts=1
    )
    return S3Store("data", options)


class TestRows:
    @pytest.mark.parametrize("space", [NAMESPACE, "", 'xmlns="http://example.com/other"'])
    def test_what_is_told(self, scripted: Scripted, space: str) -> None:
        scripted.answers = [
            listing(
                f"<Contents><Key>a &amp; <![CDATA[<b>]]>&#xe9;</Key>{TIME}<ETag>&quot;x&quot;</ETag>"
                f"<Size>7</Size><Owner><ID>lab</ID></Owner><StorageClass>GLACIER</StorageClass></Contents>"
                f"<Contents><Size>0</Size><ETag/><Key>b</Key>{TIME}</Contents>",
                space,
            )
        ]
        one, other = store(scripted).list()
        when = datetime(2025, 1, 6, 10, 0, 0, 250_000, UTC)
        assert (one.key, one.size, one.modified, one.etag) == ("a & <b>é", 7, when, "x")
        assert one.storage_class == "GLACIER"
        assert (other.key, other.size, other.modified, other.etag) == ("b", 0, when, "")
        assert other.storage_class == "STANDARD"

    @pytest.mark.parametrize(
        "row",
        [
            f"{TIME}<Size>7</Size>",
            f"<Key>k</Key>{TIME}",
            f"<Key>k</Key>{TIME}<Size>many</Size>",
            f"<Key>k</Key>{TIME}<Size/>",
            "<Key>k</Key><Size>7</Size>",
            "<Key>k</Key><Size>7</Size><LastModified>lately</LastModified>",
        ],
    )
    def test_a_row_that_can_t_be_read(self, scripted: Scripted, row: str) -> None:
        scripted.answers = [listing(f"<Contents>{row}</Contents>")]
        with pytest.raises(errors.UnavailableError, match="a row of the listing can't be read"):
            list(store(scripted).list())

    def test_a_refusal_in_an_answer_that_says_all_is_well(self, scripted: Scripted) -> None:
        scripted.answers = [Answer(200, b"<Error><Code>InternalError</Code><Message>x</Message></Error>")]
        with pytest.raises(errors.UnavailableError, match="InternalError"):
            list(store(scripted).list())


class Pages:
    """Pages by number, up to the fifth, and which were asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.third = threading.Event()

    def ask(self, ContinuationToken: str = "1") -> dict[str, Any]:  # noqa: N803 - boto3's
        number = int(ContinuationToken)
        self.asked.append(number)
        if number == 3:
            self.third.set()
        more = {"NextContinuationToken": str(number + 1)} if number < 5 else {}
        return {"IsTruncated": bool(more), **more}

    def ahead(self) -> Iterator[Any]:
        return pages(self.ask, {}, OBJECTS, Request("list", "s3://data"), ahead=True)


class TestAhead:
    def test_only_the_first_page_is_wanted(self) -> None:
        server = Pages()
        next(server.ahead())
        assert server.asked == [1]

    def test_the_third_is_asked_for_while_the_second_is_worked_on(self) -> None:
        server = Pages()
        found = server.ahead()
        next(found)
        next(found)
        assert server.third.wait(PATIENCE_S)

    def test_each_is_asked_for_once(self) -> None:
        server = Pages()
        assert len(list(server.ahead())) == 5
        assert server.asked == [1, 2, 3, 4, 5]

    def test_an_error_is_that_of_its_page(self) -> None:
        server = Pages()

        def ask(ContinuationToken: str = "1") -> dict[str, Any]:  # noqa: N803 - boto3's
            if ContinuationToken == "3":
                raise ConnectionError
            return server.ask(ContinuationToken)

        found = pages(ask, {}, OBJECTS, Request("list", "s3://data"), ahead=True)
        next(found)
        next(found)
        with pytest.raises(ConnectionError):
            next(found)


ODD = ["run/x", "run-a/x", "run.csv", "run x", "run", "runs/a/b", "runs/a-b", "runs/a.b/c"]


class TestOrder:
    """More than a page, on a server that walks through folders."""

    @staticmethod
    def fill(server: Any, keys: list[str], versions: bool = False) -> str:
        bucket: str = server.make_bucket()
        if versions:
            server.client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        with ThreadPoolExecutor(8) as pool:
            put = partial(server.client.put_object, Bucket=bucket, Body=b"x")
            list(pool.map(lambda key: put(Key=key), keys))
        return bucket

    @pytest.mark.parametrize("versions", [False, True])
    def test_it_is_that_of_bytes(
        self, seaweedfs: Any, monkeypatch: pytest.MonkeyPatch, versions: bool
    ) -> None:
        keys = [*ODD, *(f"{folder}/{n}" for n in range(20) for folder in ("run/x-y", "run+", "runs/a"))]
        keys += [f"flat/{n}" for n in range(1005)]
        bucket = self.fill(seaweedfs, keys, versions)
        place = S3Store(bucket, seaweedfs.options())
        for most_held in (5000, 5):
            monkeypatch.setattr("crossframe.stores.s3_order.MOST_HELD", most_held)
            for prefix in ("", "run", "run/", "runs/a", "flat/"):
                found = [meta.key for meta in place.list(prefix)]
                assert found == sorted(key for key in keys if key.startswith(prefix))
        # Only what is in some order that is known is given away before the last page has come.
        asked: list[str] = []
        place.connection.client.meta.events.register(
            "before-send.s3.ListObjectsV2", lambda request, **_: asked.append(request.url)
        )
        assert next(place.list("flat/")).key == "flat/0"
        assert len(asked) == (2 if versions else 1)
        seaweedfs.client.delete_bucket(Bucket=bucket)
