"""Whether the bytes that came are those that were stored.

Compared is, by what the server tells of the object: a stored checksum of the whole, else the MD5 that is its
ETag, else our own digest in its metadata, else, for an object that others stored in parts, the checksum or
ETag made of the parts' checksums, where the server tells the parts' sizes. Left is what nothing is known of:
an object whose ETag is no MD5 (encrypted by a key of the user's), sent by others, without a checksum or with
CRC32C or CRC64NVME only, which boto3 verifies where awscrt is installed.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode
from binascii import Error as Base64Error
from typing import TYPE_CHECKING, Protocol

from botocore import exceptions as boto
from isal import isal_zlib

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typing_extensions import Buffer

    from crossframe.stores.s3_bucket import Answer

# Name of the object's metadata that holds our own digest, where the ETag will be no MD5.
DIGEST = "crossframe-sha256"
_MD5 = re.compile(r'"?[0-9a-f]{32}"?')
_PARTS_ETAG = re.compile(r'"?([0-9a-f]{32})-([0-9]{1,5})"?')


class _Hash(Protocol):
    """As in hashlib."""

    def update(self, data: Buffer, /) -> None: ...

    def digest(self) -> bytes: ...


class Crc32:
    """CRC-32 with hashlib's methods."""

    def __init__(self) -> None:
        self.value = 0

    def update(self, data: Buffer, /) -> None:
        """Take in more bytes."""
        # Why not zlib's: that is ten times as slow.
        self.value = isal_zlib.crc32(data, self.value)

    def digest(self) -> bytes:
        """Return the checksum as S3 has it: big endian."""
        return self.value.to_bytes(4, "big")


def _md5() -> _Hash:
    return hashlib.md5(usedforsecurity=False)


def _sha1() -> _Hash:
    return hashlib.sha1(usedforsecurity=False)


# In the order in which they are looked for; the fastest first.
_CHECKSUMS: dict[str, Callable[[], _Hash]] = {
    "ChecksumCRC32": Crc32,
    "ChecksumSHA256": hashlib.sha256,
    "ChecksumSHA1": _sha1,
}


def is_keyed(answer: Answer) -> bool:
    """Tell whether an object is encrypted by a key of the user's, so that its ETag is no MD5."""
    return bool(answer.get("SSECustomerAlgorithm")) or str(answer.get("ServerSideEncryption", "")).startswith(
        "aws:kms"
    )


def is_md5(answer: Answer) -> bool:
    """Tell whether an answer's ETag is the content's MD5: sent whole, and not encrypted by a key."""
    return not is_keyed(answer) and bool(_MD5.fullmatch(answer.get("ETag", "")))


class Check:
    """A checksum on the way to being compared.

    Args:
        kind: What it is called.
        want: What it has to be.
        make: Makes the hash.
    """

    def __init__(self, kind: str, want: bytes, make: Callable[[], _Hash]) -> None:
        self.kind = kind
        self.want = want
        self._hash = make()

    def update(self, data: memoryview) -> None:
        """Take in more bytes."""
        self._hash.update(data)

    def digest(self) -> bytes:
        """Return the checksum of the bytes so far."""
        return self._hash.digest()

    def finish(self) -> None:
        """Compare.

        Raises:
            ChecksumError: botocore's; they differ.
        """
        got = self.digest()
        if got != self.want:
            raise boto.ChecksumError(
                checksum_type=self.kind, expected_checksum=self.want.hex(), actual_checksum=got.hex()
            )


class PartsCheck(Check):
    """A checksum of the parts' checksums.

    Args:
        kind: What it is called.
        want: What it has to be.
        make: Makes the hash.
        sizes: Of the parts, in bytes.
    """

    def __init__(self, kind: str, want: bytes, make: Callable[[], _Hash], sizes: Sequence[int]) -> None:
        super().__init__(kind, want, make)
        self._make = make
        self._part = make()
        self._sizes = list(reversed(sizes))
        self._left = self._sizes.pop() if self._sizes else 0

    def update(self, data: memoryview) -> None:
        """Take in more bytes."""
        while len(data):
            now = data[: self._left] if self._left else data
            self._part.update(now)
            data = data[len(now) :]
            if self._left:
                self._left -= len(now)
                if not self._left:
                    self._end_part()

    def _end_part(self) -> None:
        self._hash.update(self._part.digest())
        self._part = self._make()
        self._left = self._sizes.pop() if self._sizes else 0


def check_of(
    answer: Answer,
    *,
    md5_etag: bool = True,
    part_sizes: Callable[[int], Sequence[int] | None] = lambda _: None,
) -> Check | None:
    """Return what an object's bytes are to be compared with; ``None`` where nothing is known of them.

    Args:
        answer: What the server told of it, to GET or HEAD with checksums asked for.
        md5_etag: Whether the bucket's ETags can be trusted to be MD5 where they look so.
        part_sizes: Returns the sizes of that many parts, where the server tells them.
    """
    for name, make in _CHECKSUMS.items():
        want = _decoded(answer[name]) if answer.get(name) else b""
        if want and _is_of_whole(answer):
            return Check(name.removeprefix("Checksum"), want, make)
    if md5_etag and is_md5(answer):
        return Check("MD5", bytes.fromhex(answer["ETag"].strip('"')), _md5)
    ours = str(answer.get("Metadata", {}).get(DIGEST, ""))
    if re.fullmatch("[0-9a-f]{64}", ours):
        return Check("SHA256", bytes.fromhex(ours), hashlib.sha256)
    return _check_of_parts(answer, part_sizes) if md5_etag else None


def _is_of_whole(answer: Answer) -> bool:
    """Tell whether a checksum can be that of the whole.

    Why not where parts were stored and nothing is said: some servers leave the "-3" of three parts out.
    """
    kind = answer.get("ChecksumType")
    return kind == "FULL_OBJECT" if kind else not _PARTS_ETAG.fullmatch(answer.get("ETag", ""))


def _check_of_parts(answer: Answer, part_sizes: Callable[[int], Sequence[int] | None]) -> Check | None:
    etag = _PARTS_ETAG.fullmatch(answer.get("ETag", ""))
    sizes = part_sizes(int(etag[2])) if etag else None
    if etag is None or sizes is None:
        return None
    for name, make in _CHECKSUMS.items():
        value, _, count = str(answer.get(name, "")).partition("-")
        want = _decoded(value)
        if want and count == etag[2]:
            return PartsCheck(f"{name.removeprefix('Checksum')} of parts", want, make, sizes)
    return None if is_keyed(answer) else PartsCheck("MD5 of parts", bytes.fromhex(etag[1]), _md5, sizes)


def _decoded(text: str) -> bytes:
    """Return a checksum's bytes; none where it is none, or one of the parts' checksums."""
    try:
        return b64decode(text, validate=True) if "-" not in text else b""
    except (Base64Error, ValueError):
        return b""
