"""A part of a bucket behind the gate, with ways in that do not lead through it."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from pathlib import Path

    from gate import Gate


# Why so long: a busy machine must not be taken for one that does not answer.
PATIENCE = {"connect_timeout_s": 10, "read_timeout_s": 20}


@dataclasses.dataclass(frozen=True)
class Place:
    """A part of a bucket behind the gate."""

    server: Any
    gate: Gate
    bucket: str
    prefix: str
    folder: Path

    @property
    def key(self) -> str:
        """The key that it is all about."""
        return f"{self.prefix}data.bin"

    def store(self, **options: Any) -> dict[str, Any]:
        """Return what a worker needs to open it."""
        return {
            "bucket": self.bucket,
            "endpoint": self.gate.endpoint,
            "access_key": self.server.server.access_key,
            "secret_key": self.server.server.secret_key,
            "region": "us-east-1",
            **PATIENCE,
        } | options

    def link(self, **options: Any) -> dict[str, Any]:
        """Return what a worker needs to follow a link to the key that ends after an hour."""
        server = self.server.server
        signer = dataclasses.replace(server, endpoint=self.gate.endpoint).client(signature_version="s3v4")
        where = {"Bucket": self.bucket, "Key": self.key}
        url = signer.generate_presigned_url("get_object", Params=where, ExpiresIn=3600)
        return {"link": url, **PATIENCE} | options

    def write(self, data: bytes) -> str:
        """Put an object at the key; return its ETag."""
        answer = self.server.client.put_object(Bucket=self.bucket, Key=self.key, Body=data)
        return str(answer["ETag"].strip('"'))

    def stored(self, key: str | None = None) -> bytes | None:
        """Return what is at a key, by default the one that it is all about."""
        try:
            answer = self.server.client.get_object(Bucket=self.bucket, Key=key or self.key)
        except ClientError as error:
            assert error.response["Error"]["Code"] == "NoSuchKey"  # noqa: PT017
            return None
        return bytes(answer["Body"].read())

    def uploads(self) -> list[str]:
        """Return the keys of uploads that were neither ended nor aborted."""
        answer = self.server.client.list_multipart_uploads(Bucket=self.bucket)
        return [row["Key"] for row in answer.get("Uploads", ()) if row["Key"].startswith(self.prefix)]

    def file(self, name: str, data: bytes) -> str:
        """Return the path of a new file that holds these bytes."""
        path = self.folder / name
        path.write_bytes(data)
        return str(path)


def content(size: int) -> bytes:
    """Return bytes that nobody has seen before."""
    return os.urandom(size)


def digest(data: bytes) -> dict[str, Any]:
    """Return what a worker tells of bytes."""
    return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
