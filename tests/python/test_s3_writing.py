"""S3: conditions decided, answers lost, conflicts, parts, and files that change under the hand."""

from __future__ import annotations

import hashlib
import io
import os
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from crossframe import errors
from crossframe.stores import S3Options, S3Store
from crossframe.stores import s3_write as writing
from crossframe.stores.s3_session import _open
from scripted import Answer, Scripted, s3_error

if TYPE_CHECKING:
    from collections.abc import Callable

BODY = b"hello"
ETAG = f'"{hashlib.md5(BODY).hexdigest()}"'
STORED = Answer(200, b"", {"ETag": ETAG})
HEAD = Answer(200, BODY, {"ETag": ETAG, "Last-Modified": "Mon, 06 Jan 2025 10:00:00 GMT"})
OTHER = Answer(200, b"HELLO", HEAD.headers | {"ETag": '"0123"'})
CONFLICT = s3_error(409, "ConditionalRequestConflict")
REFUSED = s3_error(412, "PreconditionFailed")
DATA = os.urandom(1 << 20) * 17


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crossframe.stores.s3_write.time.sleep", lambda _: None)


def store(script: Scripted, **more: Any) -> S3Store:
    known = {"endpoint": script.endpoint, "access_key": "lab", "secret_key": "secret", "attempts": 2}
    return S3Store("data", S3Options(**(known | more)))


class TestConditions:
    @pytest.mark.parametrize("condition", [{"if_absent": True}, {"if_match": "0123"}])
    def test_a_conflict_is_decided_by_asking_again(self, scripted: Scripted, condition: Any) -> None:
        scripted.answers = [CONFLICT, CONFLICT, STORED]
        assert store(scripted).put("k", BODY, **condition).etag == ETAG.strip('"')
        assert len(scripted.asked) == 3

    def test_a_conflict_without_end(self, scripted: Scripted) -> None:
        scripted.answers = [CONFLICT]
        with pytest.raises(errors.PreconditionFailedError, match="others write to it"):
            store(scripted).put("k", BODY, if_absent=True)
        assert len(scripted.asked) == 6

    @pytest.mark.parametrize("first", [Answer(0), s3_error(500, "InternalError")])
    @pytest.mark.parametrize(
        ("condition", "error"),
        [
            ({"if_absent": True}, errors.ObjectExistsError),
            ({"if_match": "0123"}, errors.PreconditionFailedError),
        ],
    )
    def test_a_lost_answer_is_told_from_a_lost_race(
        self, scripted: Scripted, first: Answer, condition: Any, error: type[Exception]
    ) -> None:
        scripted.answers = [first, REFUSED, HEAD]
        assert store(scripted).put("k", BODY, **condition).etag == ETAG.strip('"')
        scripted.answers = [first, REFUSED, OTHER]
        with pytest.raises(error):
            store(scripted).put("k", BODY, **condition)

    def test_a_refusal_at_once_is_a_lost_race(self, scripted: Scripted) -> None:
        scripted.answers = [REFUSED, HEAD]
        with pytest.raises(errors.ObjectExistsError):
            store(scripted).put("k", BODY, if_absent=True)
        assert len(scripted.asked) == 1

    def test_another_content_than_sent(self, scripted: Scripted) -> None:
        scripted.answers = [Answer(200, b"", {"ETag": f'"{"0" * 32}"'})]
        with pytest.raises(errors.CorruptObjectError, match="sent was"):
            store(scripted).put("k", BODY)


@pytest.fixture(params=["moto", "seaweedfs"])
def server(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


@pytest.fixture
def place(server: Any) -> S3Store:
    return S3Store(server.make_bucket(), connection=_open(server.options()))


def uploads(server: Any, place: S3Store) -> list[Any]:
    return server.client.list_multipart_uploads(Bucket=place.uri.removeprefix("s3://")).get("Uploads", [])


def refusal(code: str, status: int, *, repeated: bool = True) -> ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": "Made up."},
        "ResponseMetadata": {"HTTPStatusCode": status, "RetryAttempts": int(repeated)},
    }
    return ClientError(answer, "CompleteMultipartUpload")


def patch(
    monkeypatch: pytest.MonkeyPatch, place: S3Store, name: str, make: Callable[[Any], Callable[..., Any]]
) -> None:
    client = place.connection.client
    monkeypatch.setattr(client, name, make(getattr(client, name)))


class TestParts:
    @pytest.mark.parametrize("error", [refusal("PreconditionFailed", 412), refusal("NoSuchUpload", 404)])
    def test_the_last_answer_is_lost(
        self, server: Any, place: S3Store, monkeypatch: pytest.MonkeyPatch, error: ClientError
    ) -> None:
        def lost(send: Any) -> Any:
            def complete(**arguments: Any) -> Any:
                send(**arguments)
                raise error

            return complete

        patch(monkeypatch, place, "complete_multipart_upload", lost)
        meta = place.put("k", DATA, if_absent=True)
        assert place.get("k") == DATA
        assert meta.etag == place.head("k").etag

    def test_the_race_is_lost(self, server: Any, place: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
        def lost(_: Any) -> Any:
            def complete(**arguments: Any) -> Any:
                server.client.put_object(Bucket=arguments["Bucket"], Key="k", Body=b"theirs")
                raise refusal("PreconditionFailed", 412)

            return complete

        patch(monkeypatch, place, "complete_multipart_upload", lost)
        with pytest.raises(errors.ObjectExistsError):
            place.put("k", DATA, if_absent=True)
        assert place.get("k") == b"theirs"
        assert uploads(server, place) == []

    def test_a_conflict(self, server: Any, place: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
        conflicts = [refusal("ConditionalRequestConflict", 409, repeated=False)] * 2

        def first(send: Any) -> Any:
            def complete(**arguments: Any) -> Any:
                if conflicts:
                    raise conflicts.pop()
                return send(**arguments)

            return complete

        patch(monkeypatch, place, "complete_multipart_upload", first)
        place.put("k", DATA, if_absent=True)
        assert place.get("k") == DATA

    def test_a_conflict_that_ends_the_upload(
        self, server: Any, place: S3Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answers = [
            refusal("NoSuchUpload", 404, repeated=False),
            refusal("ConditionalRequestConflict", 409, repeated=False),
        ]

        def never(_: Any) -> Any:
            def complete(**_: Any) -> Any:
                raise answers.pop()

            return complete

        patch(monkeypatch, place, "complete_multipart_upload", never)
        with pytest.raises(errors.PreconditionFailedError, match="others write to it"):
            place.put("k", DATA, if_absent=True)
        assert uploads(server, place) == []

    def test_taken_already_sends_nothing(
        self, server: Any, place: S3Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        etag = place.put("k", BODY).etag
        sent: list[Any] = []
        patch(monkeypatch, place, "create_multipart_upload", lambda _: lambda **given: sent.append(given))
        with pytest.raises(errors.ObjectExistsError):
            place.put("k", DATA, if_absent=True)
        with pytest.raises(errors.PreconditionFailedError, match=etag):
            place.put("k", DATA, if_match="0123")
        assert not sent

    def test_a_part_stored_wrong(self, server: Any, place: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
        def wrong(send: Any) -> Any:
            def upload_part(**arguments: Any) -> Any:
                answer = send(**arguments)
                return {**answer, "ETag": f'"{"0" * 32}"', "ChecksumCRC32": "AAAAAA=="}

            return upload_part

        patch(monkeypatch, place, "upload_part", wrong)
        with pytest.raises(errors.CorruptObjectError):
            place.put("k", DATA)
        assert uploads(server, place) == []

    def test_parts_are_signed_without_their_bodies(
        self, server: Any, place: S3Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        headers: list[Any] = []

        def note(request: Any, **_: Any) -> None:
            headers.append({name.lower(): request.headers[name] for name in request.headers})

        place.connection.client.meta.events.register("before-send.s3.UploadPart", note)
        place.put("k", DATA)
        assert len(headers) == 3
        for sent in headers:
            one = {name: text.decode() if isinstance(text, bytes) else text for name, text in sent.items()}
            assert one["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"
            assert "x-amz-checksum-crc32" in one["authorization"]

    def test_more_parts_than_allowed(
        self, server: Any, place: S3Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(writing, "MOST_PARTS", 2)
        assert place.put("k", DATA).etag.endswith("-2")
        assert place.get("k") == DATA


class TestFilesThatChange:
    @pytest.mark.parametrize("change", ["shorter", "other bytes"])
    def test_nothing_is_written(self, server: Any, place: S3Store, change: str) -> None:
        class Changing(io.BytesIO):
            reads = 0

            def read(self, size: int | None = -1, /) -> bytes:
                Changing.reads += 1
                if Changing.reads == 30:
                    if change == "shorter":
                        self.truncate(len(DATA) // 2)
                    else:
                        self.getbuffer()[-3:] = b"new"
                return super().read(size)

        place.put("k", b"old")
        Changing.reads = 30 - (17 + 2)
        with pytest.raises(errors.StoreError, match="changed while it was read"):
            place.put_from("k", Changing(DATA))
        assert place.get("k") == b"old"
        assert uploads(server, place) == []

    def test_a_file_that_gives_little_at_a_time(self, server: Any, place: S3Store) -> None:
        class Small(io.BytesIO):
            def read(self, size: int | None = -1, /) -> bytes:
                return super().read(min(size or -1, 700_001))

        place.put_from("k", Small(DATA))
        assert place.get("k") == DATA


class TestErrorsInASuccess:
    STARTED = Answer(
        200,
        b"<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>",
        {"Content-Type": "application/xml"},
    )

    def test_on_completing(self, scripted: Scripted) -> None:
        error = s3_error(500, "InternalError")
        as_success = Answer(200, error.body, error.headers)
        done = Answer(
            200,
            b'<CompleteMultipartUploadResult><ETag>"x-3"</ETag></CompleteMultipartUploadResult>',
            error.headers,
        )
        part = Answer(200, b"", {"ETag": '"x"'})
        scripted.answers = [self.STARTED, part, part, part, as_success, done]
        assert store(scripted).put("k", DATA).etag == "x-3"
        scripted.answers = [self.STARTED, part, part, part, as_success, as_success, Answer(204)]
        with pytest.raises(errors.UnavailableError, match="failed 2 times"):
            store(scripted).put("k", DATA)
        assert (scripted.asked[-1].method, scripted.asked[-1].path) == ("DELETE", "/data/k?uploadId=u")

    def test_a_success_that_says_nothing(self, scripted: Scripted) -> None:
        part = Answer(200, b"", {"ETag": '"x"'})
        scripted.answers = [self.STARTED, part, part, part, Answer(200), OTHER]
        with pytest.raises(errors.UnavailableError, match="names no ETag"):
            store(scripted).put("k", DATA)
        ours = HEAD.headers | {"x-amz-meta-crossframe-sha256": hashlib.sha256(DATA).hexdigest()}
        scripted.answers = [self.STARTED, part, part, part, Answer(200), Answer(200, BODY, ours)]
        assert store(scripted).put("k", DATA).etag == ETAG.strip('"')

    def test_on_copying(self, scripted: Scripted) -> None:
        error = s3_error(500, "InternalError")
        as_success = Answer(200, error.body, error.headers)
        done = Answer(
            200, f"<CopyObjectResult><ETag>{ETAG}</ETag></CopyObjectResult>".encode(), error.headers
        )
        scripted.answers = [HEAD, as_success, done]
        assert store(scripted).copy("k", "l").etag == ETAG.strip('"')
        scripted.answers = [HEAD, as_success]
        with pytest.raises(errors.UnavailableError, match="failed 2 times"):
            store(scripted).copy("k", "l")
