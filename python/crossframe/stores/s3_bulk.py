"""Many objects' bytes: by obstore, which moves them without the interpreter's lock.

boto3 stays the one to be trusted. What obstore has no way to read, fails at, or brings without anything to
compare it with is read by ``get``, which tries again and says in our words what is wrong.
"""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import obstore
from botocore.exceptions import ChecksumError
from obstore.exceptions import BaseError
from obstore.store import S3Store

from crossframe import errors
from crossframe.stores.s3_credentials import signing_keys
from crossframe.stores.s3_objects import S3Objects
from crossframe.stores.s3_read import WHOLE_BYTES
from crossframe.stores.s3_verify import check_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from obstore.store import ClientConfig, S3Credential
    from typing_extensions import Buffer

    from crossframe.stores.protocol import ObjectMeta
    from crossframe.stores.s3_session import Connection, S3Options

# Why: boto3 renews keys that are near their end when asked for them, so it is asked now and then.
_KEYS_KEPT = timedelta(seconds=60)
# Of one batch: then its server, or its kind of ETag, is nothing for obstore.
_MOST_DOUBTS = 3
# Of a whole answer; boto3's limit, for the next bytes, is kept beside it.
_ANSWER_TIMEOUT = timedelta(minutes=10)
# What obstore raises.
_THEIRS = (BaseError, OSError, ValueError)
# Why: a process that was forked has none of the threads that obstore works with, and would wait for ever.
_forked = threading.Event()
os.register_at_fork(after_in_child=_forked.set)


class S3Bulk(S3Objects):
    """Reads of many objects in a bucket."""

    _kept: tuple[Connection, S3Store] | None = None

    def reader(self) -> Callable[[ObjectMeta], Buffer]:
        """Return a function that reads as ``get`` does, for many objects and from several threads."""
        return _Reader(self.get, self._fast_store()).read

    def _fast_store(self) -> S3Store | None:
        """Return obstore's way to the bucket; ``None`` where it has none that is ours."""
        # Why: the ETags of such buckets are no MD5, and nothing else of what they send is told by obstore.
        if self._express or _forked.is_set():
            return None
        try:
            connection = self.connection
            # Why kept: its connections to the server are.
            if self._kept is None or self._kept[0] is not connection:
                self._kept = connection, _open(self._bucket, connection, self._options)
            return self._kept[1]
        except (errors.CrossframeError, *_THEIRS):
            # What is wrong will be said by the first read.
            return None


class _Reader:
    """The reads of one batch.

    Args:
        trusted: Reads an object by its key, verified.
        fast: obstore's store, where there is one.
    """

    def __init__(self, trusted: Callable[[str], Buffer], fast: S3Store | None) -> None:
        self._trusted = trusted
        self._fast = fast
        self._doubts = 0

    def read(self, meta: ObjectMeta) -> Buffer:
        """Return an object's bytes."""
        found = self._try(meta)
        if found is not None:
            return found
        content = self._trusted(meta.key)
        # Only what can be read after all speaks against obstore.
        self._doubts += meta.size <= WHOLE_BYTES
        return content

    def _try(self, meta: ObjectMeta) -> Buffer | None:
        key, fast = meta.key, self._fast
        if fast is None or self._doubts >= _MOST_DOUBTS or meta.size > WHOLE_BYTES or key[-1] == "/":
            return None
        try:
            # Why not get_async: from its threads to a loop's, an answer takes twice the processor's time.
            answer = obstore.get(fast, key)
            content = answer.bytes()
            about = answer.meta
        except _THEIRS:
            return None
        # Why: it takes keys for paths, and has its own mind on some.
        same = about["path"] == key
        told = {"ETag": about["e_tag"] or "", "Metadata": dict(answer.attributes)}
        check = check_of(told) if same else None
        if check is None:
            return None
        check.update(memoryview(content))
        try:
            check.finish()
        except ChecksumError:
            return None
        return content


def _open(bucket: str, connection: Connection, options: S3Options) -> S3Store:
    provider = None if connection.anonymous else lambda: _credentials(connection)
    return S3Store(
        bucket,
        # Why all of these: what is not said is taken from the environment, whose endpoint beats a plain one.
        aws_endpoint_url_s3=connection.endpoint,
        # In a path it is right for every server, and for bucket names with dots.
        virtual_hosted_style_request=False,
        region=connection.client.meta.region_name,
        skip_signature=connection.anonymous,
        s3_express=False,
        request_payer=False,
        credential_provider=provider,
        client_options=_client_options(connection, options),
        # Retries are boto3's: in one place.
        retry_config={"max_retries": 0},
    )


def _credentials(connection: Connection) -> S3Credential:
    keys = signing_keys(connection.client, connection.session)
    return {
        "access_key_id": keys.access_key or "",
        "secret_access_key": keys.secret_key or "",
        "token": keys.token,
        "expires_at": datetime.now(UTC) + _KEYS_KEPT,
    }


def _client_options(connection: Connection, options: S3Options) -> ClientConfig:
    found: ClientConfig = {
        "allow_http": connection.endpoint.lower().startswith("http:"),
        "connect_timeout": timedelta(seconds=options.connect_timeout_s),
        "read_timeout": timedelta(seconds=options.read_timeout_s),
        "timeout": _ANSWER_TIMEOUT,
        "user_agent": "crossframe",
    }
    verify = options.verify
    if verify is None and connection.session is not None:
        inner: Any = connection.session._session  # noqa: SLF001 - as boto3 itself asks
        verify = inner.get_config_variable("ca_bundle")
    if verify is False:
        found["allow_invalid_certificates"] = True
    elif isinstance(verify, str):
        found["root_certificate"] = Path(verify).expanduser().read_bytes()
    return found
