"""S3: what comes is compared with what was stored, whoever stored it and however it is read."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import os
import subprocess
import sys
import threading
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from botocore import exceptions as boto

from crossframe import errors
from crossframe.stores import S3Options, S3Store
from crossframe.stores.s3_read import RANGE_BYTES
from crossframe.stores.s3_verify import DIGEST, check_of
from scripted import Answer, Scripted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MIB = 1 << 20
PART = 5 * MIB


def md5(data: bytes) -> bytes:
    return hashlib.md5(data).digest()


def crc(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(4, "big")


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.fixture(params=["moto", "seaweedfs"])
def server(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


@pytest.fixture
def place(server: Any) -> S3Store:
    """A store on a connection of its own, to put faults into."""
    from crossframe.stores.s3_session import _open

    return S3Store(server.make_bucket(), connection=_open(server.options()))


def put_in_parts(server: Any, place: S3Store, parts: list[bytes], **more: Any) -> bytes:
    """Store an object in parts as others do."""
    client, where = server.client, {"Bucket": place.uri.removeprefix("s3://"), "Key": "theirs"}
    upload = where | {"UploadId": client.create_multipart_upload(**where, **more)["UploadId"]}
    sent = []
    for number, part in enumerate(parts, 1):
        answer = client.upload_part(**upload, PartNumber=number, Body=part, **more)
        kept = {"ChecksumCRC32": answer["ChecksumCRC32"]} if more and "ChecksumCRC32" in answer else {}
        sent.append({"PartNumber": number, "ETag": answer["ETag"], **kept})
    client.complete_multipart_upload(**upload, MultipartUpload={"Parts": sent})
    return b"".join(parts)


class Body:
    """A body that ends early, or with a bit flipped."""

    def __init__(self, body: Any, change: Callable[[bytes], bytes]) -> None:
        self._body = body
        self._change = change

    def read(self) -> bytes:
        content = self._change(self._body.read())
        if not content:
            raise boto.IncompleteReadError(actual_bytes=0, expected_bytes=1)
        return content

    def close(self) -> None:
        self._body.close()


def damage(
    monkeypatch: pytest.MonkeyPatch, place: S3Store, changes: list[Callable[[bytes], bytes] | None]
) -> list[dict[str, Any]]:
    """Change the bodies of the coming reads, one after the other; return the list of what was asked."""
    client, asked, lock = place.connection.client, [], threading.Lock()
    ask = client.get_object

    def get_object(**arguments: Any) -> Any:
        answer = ask(**arguments)
        with lock:
            change = changes[len(asked)] if len(asked) < len(changes) else None
            asked.append(arguments)
        if change:
            answer["Body"] = Body(answer["Body"], change)
        return answer

    monkeypatch.setattr(client, "get_object", get_object)
    return asked


def flip(at: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def cut(_: bytes) -> bytes:
    return b""


class TestWhichChecksum:
    DATA = b"ab" * 1000

    @pytest.mark.parametrize(
        ("answer", "kind"),
        [
            ({"ChecksumCRC32": b64(crc(DATA)), "ETag": f'"{md5(DATA).hex()}"'}, "CRC32"),
            ({"ChecksumSHA1": b64(hashlib.sha1(DATA).digest())}, "SHA1"),
            ({"ChecksumSHA256": b64(hashlib.sha256(DATA).digest())}, "SHA256"),
            # Of the parts, it may be, since nothing is said.
            (
                {
                    "ChecksumCRC32": b64(crc(DATA)),
                    "ETag": f'"{md5(DATA).hex()}-3"',
                    "Metadata": {DIGEST: hashlib.sha256(DATA).hexdigest()},
                },
                "SHA256",
            ),
            (
                {
                    "ChecksumCRC32": b64(crc(DATA)),
                    "ChecksumType": "FULL_OBJECT",
                    "ETag": f'"{md5(DATA).hex()}-3"',
                },
                "CRC32",
            ),
            ({"ChecksumCRC64NVME": "AAAAAAAAAAA=", "ETag": f'"{md5(DATA).hex()}"'}, "MD5"),
            (
                {"ChecksumCRC32C": "AAAAAA==", "Metadata": {DIGEST: hashlib.sha256(DATA).hexdigest()}},
                "SHA256",
            ),
            (
                {
                    "ETag": f'"{md5(DATA).hex()}"',
                    "ServerSideEncryption": "aws:kms",
                    "Metadata": {DIGEST: hashlib.sha256(DATA).hexdigest()},
                },
                "SHA256",
            ),
            (
                {
                    "ChecksumCRC32": b64(crc(crc(DATA[:1500]) + crc(DATA[1500:]))) + "-2",
                    "ETag": f'"{"0" * 32}-2"',
                },
                "CRC32 of parts",
            ),
            ({"ETag": f'"{md5(md5(DATA[:1500]) + md5(DATA[1500:])).hex()}-2"'}, "MD5 of parts"),
        ],
    )
    @pytest.mark.parametrize("step", [1, 7, 1500, 5000])
    def test_it_tells_right_from_wrong(self, answer: dict[str, Any], kind: str, step: int) -> None:
        for data, right in ((self.DATA, True), (flip(1499)(self.DATA), False), (self.DATA[:-1], False)):
            check = check_of(answer, part_sizes=lambda _: [1500, 500])
            assert check is not None
            assert check.kind == kind
            for start in range(0, len(data), step):
                check.update(memoryview(data)[start : start + step])
            if right:
                check.finish()
            else:
                with pytest.raises(boto.ChecksumError):
                    check.finish()

    @pytest.mark.parametrize(
        "answer",
        [
            {},
            {"ETag": '"opaque"'},
            {"ETag": f'"{"0" * 32}"', "SSECustomerAlgorithm": "AES256"},
            {"ETag": f'"{"0" * 32}-2"', "ServerSideEncryption": "aws:kms"},
            {"ChecksumCRC64NVME": "AAAAAAAAAAA=", "ETag": '"x"'},
            {"ChecksumCRC32": "no base64!", "ETag": '"x"'},
            {"Metadata": {DIGEST: "not hex"}},
        ],
    )
    def test_nothing_is_known(self, answer: dict[str, Any]) -> None:
        assert check_of(answer, part_sizes=lambda _: [1500, 500]) is None

    def test_parts_of_sizes_not_told(self) -> None:
        assert check_of({"ETag": f'"{"0" * 32}-2"'}) is None
        assert check_of({"ETag": f'"{"0" * 32}"'}, md5_etag=False) is None


class TestOthersParts:
    EVEN = (os.urandom(PART), os.urandom(PART), b"rest")
    UNEVEN = (os.urandom(PART + 7), os.urandom(PART), os.urandom(PART + 9))

    @pytest.mark.parametrize("more", [{}, {"ChecksumAlgorithm": "CRC32"}])
    @pytest.mark.parametrize("parts", [EVEN, UNEVEN], ids=["even", "uneven"])
    def test_they_are_read(self, server: Any, place: S3Store, parts: list[bytes], more: Any) -> None:
        data = put_in_parts(server, place, list(parts), **more)
        assert place.get("theirs") == data
        file = io.BytesIO()
        place.get_to("theirs", file)
        assert file.getvalue() == data

    @pytest.mark.parametrize("how", ["get", "get_to"])
    def test_a_flipped_bit_is_noticed(
        self, server: Any, place: S3Store, how: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data = put_in_parts(server, place, list(self.EVEN))

        def read() -> bytes:
            file = io.BytesIO()
            if how == "get":
                return place.get("theirs")
            try:
                place.get_to("theirs", file)
            finally:
                assert file.getvalue() in (b"", data)
            return file.getvalue()

        asked = damage(monkeypatch, place, [flip(PART + 3)])
        assert read() == data
        assert len(asked) == 2
        damage(monkeypatch, place, [flip(3), flip(4)])
        with pytest.raises(errors.CorruptObjectError):
            read()

    def test_an_etag_made_in_another_way(
        self, server: Any, place: S3Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # The same bytes twice: not what the ETag of parts says, so this server's says something else.
        data = put_in_parts(server, place, list(self.EVEN))
        damage(monkeypatch, place, [flip(3), flip(3)])
        assert place.get("theirs") == flip(3)(data)
        aws = S3Store(
            place.uri.removeprefix("s3://"), connection=dataclasses.replace(place.connection, custom=False)
        )
        damage(monkeypatch, place, [flip(3), flip(3)])
        with pytest.raises(errors.CorruptObjectError):
            aws.get("theirs")


class TestStreams:
    DATA = os.urandom(MIB) * 20 + b"rest"

    @pytest.fixture
    def stored(self, place: S3Store) -> S3Store:
        place.put("big", self.DATA)
        return place

    # The first request is for the whole, to learn its size; then come the ranges.
    def test_a_cut_range_is_asked_for_again(self, stored: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = damage(monkeypatch, stored, [None, cut])
        file = io.BytesIO()
        stored.get_to("big", file)
        assert file.getvalue() == self.DATA
        assert len(asked) == 1 + 3 + 1

    def test_flipped_bits(self, stored: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = damage(monkeypatch, stored, [None, None, flip(5)])
        file = io.BytesIO(b"mine")
        file.seek(4)
        stored.get_to("big", file)
        assert file.getvalue() == b"mine" + self.DATA
        assert len(asked) == 1 + 3 + 3
        damage(monkeypatch, stored, [None, flip(1), None, None, flip(1)])
        file = io.BytesIO(b"mine")
        file.seek(4)
        with pytest.raises(errors.CorruptObjectError, match="twice"):
            stored.get_to("big", file)
        assert file.getvalue() == b"mine"

    def test_replaced_while_it_is_read(
        self, server: Any, stored: S3Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        new = self.DATA[::-1]

        def replace(data: bytes) -> bytes:
            server.client.put_object(Bucket=stored.uri.removeprefix("s3://"), Key="big", Body=new)
            return data

        monkeypatch.setattr("crossframe.stores.s3_read.AT_ONCE", 1)
        damage(monkeypatch, stored, [None, replace])
        file = io.BytesIO()
        stored.get_to("big", file)
        assert file.getvalue() == new

    def test_a_file_that_takes_little_at_a_time(self, stored: S3Store) -> None:
        class Small(io.BytesIO):
            def write(self, data: Any, /) -> int:
                return super().write(memoryview(data)[: 3 * MIB])

        file = Small()
        stored.get_to("big", file)
        assert file.getvalue() == self.DATA

    def test_a_file_that_fails(self, stored: S3Store) -> None:
        class Full(io.BytesIO):
            def write(self, data: Any, /) -> int:
                if self.tell() > RANGE_BYTES:
                    raise OSError(28, "No space left on device")
                return super().write(data)

        file = Full()
        with pytest.raises(OSError, match="No space left"):
            stored.get_to("big", file)
        assert file.getvalue() == b""


def test_a_range_that_is_another(scripted: Scripted) -> None:
    options = S3Options(endpoint=scripted.endpoint, access_key="lab", secret_key="secret", attempts=1)
    place = S3Store("data", options)
    good = Answer(206, b"lo", {"Content-Range": "bytes 3-4/5"})
    for bad in (
        Answer(206, b"l", {"Content-Range": "bytes 3-4/5"}),
        Answer(206, b"he", {"Content-Range": "bytes 0-1/5"}),
    ):
        scripted.answers = [bad, good]
        assert place.get("k", start=3) == b"lo"
        scripted.answers = [bad]
        with pytest.raises(errors.CorruptObjectError):
            place.get("k", start=3)


def test_memory_is_bounded(seaweedfs: Any, tmp_path: Path) -> None:
    """400 MiB come and go in less than half of that beside the libraries."""
    code = """
import sys, boto3
from pathlib import Path
from crossframe.stores import S3Options, S3Store
place = S3Store(sys.argv[1], S3Options(*sys.argv[2:3], access_key=sys.argv[3], secret_key=sys.argv[4]))
place.put("small", b"x"), place.get("small")
def peak():
    # Why not getrusage(): it counts in what the process was forked from.
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024
before = peak()
with open(sys.argv[5], "rb") as file:
    place.put_from("k", file)
with open(sys.argv[5] + ".back", "wb") as file:
    place.get_to("k", file)
print(before, peak())
"""
    path = tmp_path / "big"
    with path.open("wb") as file:
        for _ in range(400):
            file.write(os.urandom(MIB))
    server = seaweedfs.server
    command = [
        sys.executable, "-c", code, seaweedfs.make_bucket(), server.endpoint,
        server.access_key, server.secret_key, str(path),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    before, after = map(int, done.stdout.split())
    assert after - before < 200
    assert (
        hashlib.sha256((tmp_path / "big.back").read_bytes()).digest()
        == hashlib.sha256(path.read_bytes()).digest()
    )
