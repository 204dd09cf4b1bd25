"""What everybody may read: statements of our own in a bucket's policy, and no other one touched.

Why a policy: lists of rights on single objects are off on new AWS buckets and unknown to many servers.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from botocore import exceptions as boto

from crossframe import errors
from crossframe.stores.s3_answers import error_code
from crossframe.stores.s3_errors import translated
from crossframe.stores.s3_links import S3Links

if TYPE_CHECKING:
    from crossframe.stores.s3_session import Connection

_OURS = "CrossframePublic"
_EMPTY = '{"Version":"2012-10-17","Statement":[]}'
_DECODE = json.JSONDecoder()


class S3Publishing(S3Links):
    """Objects of a bucket that everybody may read."""

    def publish(self, prefix: str) -> str:
        """Let everybody read what is below a prefix, or one key, and return its address.

        Raises:
            UsageError: A policy would read a character of it as "anything".
        """
        if re.search(r"[*?]|\$\{", prefix):
            raise errors.UsageError(
                f"Can't publish '{prefix}': to a bucket's policy '*', '?' and '${{' stand for anything."
            )
        policy, sid = self._policy(), _sid(prefix)
        if not any(one.get("Sid") == sid for one in statements(policy)):
            self._write_policy(with_statement(policy, self._statement(prefix)))
        return self._public_url(prefix)

    def unpublish(self, prefix: str) -> None:
        """Take that back; no error where it was not published."""
        policy = self._policy()
        left = without_statement(policy, _sid(prefix))
        if left != policy:
            self._write_policy(left)

    def published(self) -> list[str]:
        """Return what ``publish`` has published, in byte order."""
        found = [
            _prefix(resource, self._bucket)
            for one in statements(self._policy())
            if str(one.get("Sid", "")).startswith(_OURS)
            for resource in _texts(one.get("Resource"))
        ]
        return sorted(one for one in found if one is not None)

    def _statement(self, prefix: str) -> dict[str, object]:
        everything = "*" if not prefix or prefix.endswith("/") else ""
        return {
            "Sid": _sid(prefix),
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:{_partition(self.connection)}:s3:::{self._bucket}/{prefix}{everything}",
        }

    def _policy(self) -> str:
        connection, request = self._request("read the policy of", None, "s3:GetBucketPolicy")
        with translated(request):
            try:
                policy: str = connection.client.get_bucket_policy(Bucket=self._bucket)["Policy"]
            except boto.ClientError as error:
                if error_code(error) == "NoSuchBucketPolicy":
                    return _EMPTY
                raise
        try:
            _spans(policy)
        except ValueError as error:
            raise errors.UnavailableError(
                f"{request.problem}: it is no policy.", f"{error}. {request.server}"
            ) from error
        return policy

    def _write_policy(self, policy: str) -> None:
        connection, request = self._request("write the policy of", None, "s3:PutBucketPolicy")
        try:
            with translated(request):
                if statements(policy):
                    connection.client.put_bucket_policy(Bucket=self._bucket, Policy=policy)
                else:
                    connection.client.delete_bucket_policy(Bucket=self._bucket)
        except errors.AccessDeniedError as error:
            raise errors.AccessDeniedError(
                error.problem,
                error.detail,
                'On AWS the bucket\'s "Block public access" has to be off, too, for what everybody may read.',
            ) from error


def _sid(prefix: str) -> str:
    return _OURS + hashlib.sha256(prefix.encode()).hexdigest()[:12]


def _partition(connection: Connection) -> str:
    return "aws" if connection.custom else connection.client.meta.partition


def _prefix(resource: str, bucket: str) -> str | None:
    found = re.fullmatch(rf"arn:[a-z0-9-]*:s3:::{re.escape(bucket)}/(.*?)\*?", resource, re.DOTALL)
    return found[1] if found else None


def _texts(value: object) -> list[str]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


# ---- A policy's text, so that what is not ours stays as it is, byte for byte ----


def statements(policy: str) -> list[dict[str, Any]]:
    """Return a policy's statements."""
    _, found = _spans(policy)
    return [json.loads(policy[start:end]) for start, end in found]


def with_statement(policy: str, statement: dict[str, object]) -> str:
    """Return a policy with a statement more, the last."""
    (start, end), found = _spans(policy)
    new = json.dumps(statement, separators=(",", ":"))
    if policy[start] != "[":
        # A single statement may stand without its list.
        return f"{policy[:start]}[{policy[start:end]},{new}]{policy[end:]}"
    at = found[-1][1] if found else start + 1
    return f"{policy[:at]}{',' if found else ''}{new}{policy[at:]}"


def without_statement(policy: str, sid: str) -> str:
    """Return a policy without the statements of that name."""
    outer, found = _spans(policy)
    for number, (start, end) in reversed(list(enumerate(found))):
        if json.loads(policy[start:end]).get("Sid") != sid:
            continue
        if policy[outer[0]] != "[":
            return f"{policy[: outer[0]]}[]{policy[outer[1] :]}"
        # With the comma before it; the first one with the comma behind.
        first = found[number - 1][1] if number else start
        last = found[1][0] if not number and len(found) > 1 else end
        return without_statement(policy[:first] + policy[last:], sid)
    return policy


def _spans(policy: str) -> tuple[tuple[int, int], list[tuple[int, int]]]:
    """Return where a policy's "Statement" is, and each statement in it.

    Raises:
        ValueError: It is no policy.
    """
    whole = json.loads(policy)
    if not isinstance(whole, dict) or "Statement" not in whole:
        raise ValueError("It has no statements")
    at = _skip(policy, 0, "{")
    while True:
        name, at = _DECODE.raw_decode(policy, at)
        start = _skip(policy, at, ":")
        value, end = _DECODE.raw_decode(policy, start)
        if name == "Statement":
            break
        at = _skip(policy, end, ",")
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, dict) for item in items):
        raise ValueError("Its statements are no objects")
    if isinstance(value, dict):
        return (start, end), [(start, end)]
    found, at = [], start + 1
    for _ in items:
        at = _skip(policy, at, ",")
        _, stop = _DECODE.raw_decode(policy, at)
        found.append((at, stop))
        at = stop
    return (start, end), found


def _skip(text: str, at: int, mark: str) -> int:
    """Return where the next value begins, behind spaces and one mark, where that stands there."""
    found = re.compile(rf"[ \t\r\n]*{re.escape(mark)}?[ \t\r\n]*" if mark else r"[ \t\r\n]*").match(text, at)
    return found.end() if found else at
