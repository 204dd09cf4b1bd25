"""Every fault a proxy can make, and what must come of it: data, read by ``test_faults.py``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gate import ALWAYS, Rule

# Tries in all that the stores are told to make; a damaged body is asked for twice at most.
ATTEMPTS = 3
SMALL = 1_000
# Two parts.
LARGE = 16 * 1024**2 + 1_000


@dataclass(frozen=True)
class Row:
    """One fault during one verb.

    Attributes:
        fault: What goes wrong, as the README says it.
        do: The verb, as the workers know it.
        rules: What the gate is told.
        outcome: ``ok``, or an error's name in errors.csv; a pair where Python and R differ.
        requests: Number of requests that reach the gate, in Python and in R.
        words: What the message must hold, besides bucket and key.
        size: Bytes of the object.
        arguments: The verb's further arguments; ``IF_MATCH`` stands for the ETag of what is there.
        before: Whether there is an object at the key already.
        after: What is stored in the end: ``new``, ``old`` or nothing; by default new where the write
            went well, old elsewhere.
        options: The store's options, where they differ.
        within_s: Bound on the time.
    """

    fault: str
    do: str
    rules: tuple[Rule, ...]
    outcome: str | tuple[str, str]
    requests: tuple[int, int]
    words: str = ""
    size: int = SMALL
    arguments: dict[str, Any] = field(default_factory=dict)
    before: bool = True
    after: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    within_s: float = 15.0

    def ends(self, language: str) -> str:
        """Return the outcome in a language."""
        return self.outcome if isinstance(self.outcome, str) else self.outcome[language == "r"]

    @property
    def verb(self) -> str:
        """The verb as the README names it."""
        extra = {"if_absent": "overwrite=False", "if_match": "if_match", "start": "a range"}
        named = [text for name, text in extra.items() if name in self.arguments]
        size = "17 MB" if self.size == LARGE else ""
        about = ", ".join([*named, *filter(None, [size])])
        return f"{self.do} ({about})" if about else self.do


IF_MATCH = "the ETag of what is there"
ABSENT: dict[str, Any] = {"arguments": {"if_absent": True}, "before": False}
MATCH: dict[str, Any] = {"arguments": {"if_match": IF_MATCH}}
RANGE: dict[str, Any] = {"arguments": {"start": 100, "length": 500}}
BIG: dict[str, Any] = {"size": LARGE}
PART, COMPLETE = "partNumber=2", "uploadId=[^&]+$"


def fails(status: int, code: str, times: int, **more: Any) -> tuple[Rule, ...]:
    return (Rule("status", status=status, code=code, times=times, **more),)


def same(count: int) -> tuple[int, int]:
    return count, count


ROWS = [
    # ---- The server fails ----
    Row("500 once", "get", fails(500, "InternalError", 1), "ok", same(2)),
    Row("500 twice", "get", fails(500, "InternalError", 2), "ok", same(3)),
    Row("500 for ever", "get", fails(500, "InternalError", ALWAYS), "unavailable", same(3), "failed 3 times"),
    Row("503 SlowDown once", "get", fails(503, "SlowDown", 1), "ok", same(2)),
    Row("503 SlowDown twice", "get", fails(503, "SlowDown", 2), "ok", same(3)),
    Row("503 SlowDown for ever", "get", fails(503, "SlowDown", ALWAYS), "unavailable", same(3), "SlowDown"),
    Row("503 SlowDown twice", "get", fails(503, "SlowDown", 2), "ok", same(3), **RANGE),
    Row("503 SlowDown twice", "head", fails(503, "SlowDown", 2), "ok", same(3)),
    Row("503 SlowDown for ever", "head", fails(503, "SlowDown", ALWAYS), "unavailable", same(6)),
    Row("503 SlowDown twice", "list", fails(503, "SlowDown", 2), "ok", same(3)),
    Row("503 SlowDown for ever", "list", fails(503, "SlowDown", ALWAYS), "unavailable", same(3)),
    Row("503 SlowDown twice", "delete", fails(503, "SlowDown", 2), "ok", same(3)),
    Row("500 once", "put", fails(500, "InternalError", 1), "ok", same(2)),
    Row("503 SlowDown twice", "put", fails(503, "SlowDown", 2), "ok", same(3)),
    Row("503 SlowDown for ever", "put", fails(503, "SlowDown", ALWAYS), "unavailable", same(3)),
    Row("503 SlowDown twice", "put", fails(503, "SlowDown", 2), "ok", same(3), **ABSENT),
    Row("503 SlowDown for ever", "put", fails(503, "SlowDown", ALWAYS), "unavailable", same(3), **MATCH),
    Row("a part: 503 SlowDown twice", "put", fails(503, "SlowDown", 2, target=PART), "ok", same(6), **BIG),
    Row("a part: 503 SlowDown for ever", "put", fails(503, "SlowDown", ALWAYS, target=PART), "unavailable", same(6), **BIG),
    # ---- The connection breaks ----
    Row("reset before the answer, once", "get", (Rule("reset"),), "ok", same(2)),
    Row("reset before the answer, for ever", "get", (Rule("reset", times=ALWAYS),), "endpoint", same(3), "reached"),
    Row("reset before the answer, once", "put", (Rule("reset"),), "ok", same(2)),
    Row("reset before the answer, for ever", "put", (Rule("reset", times=ALWAYS),), "endpoint", same(3)),
    Row("reset before the answer, once", "list", (Rule("reset"),), "ok", same(2)),
    Row("reset in mid upload, once", "put", (Rule("reset_upload"),), "ok", same(2)),
    Row("reset in mid upload, for ever", "put", (Rule("reset_upload", times=ALWAYS),), "endpoint", same(3)),
    Row("reset in mid upload, once", "put", (Rule("reset_upload", target=PART),), "ok", same(5), **BIG),
    Row("reset in mid upload, for ever", "put", (Rule("reset_upload", target=PART, times=ALWAYS),), "endpoint", same(6), **BIG),
    Row("reset in mid download, once", "get", (Rule("truncate_rst"),), "ok", same(2)),
    Row("reset in mid download, for ever", "get", (Rule("truncate_rst", times=ALWAYS),), ("corrupt_object", "endpoint"), (2, 3)),
    Row("reset in mid download, once", "get", (Rule("truncate_rst"),), "ok", same(2), **BIG),
    Row("reset in mid download, once", "get", (Rule("truncate_rst"),), "ok", same(2), **RANGE),
    Row("no answer, once", "get", (Rule("hang"),), "ok", same(2)),
    Row("no answer, for ever", "get", (Rule("hang", times=ALWAYS),), "endpoint", same(3), "reached"),
    Row("no answer, once", "put", (Rule("hang"),), "ok", same(2)),
    # Why two tries only: libcurl takes five seconds more to notice while it sends.
    Row("no answer, for ever", "put", (Rule("hang", times=ALWAYS),), "endpoint", same(2), options={"attempts": 2}),
    # ---- The bytes are wrong ----
    Row("truncated with FIN, once", "get", (Rule("truncate_fin"),), "ok", same(2)),
    Row("truncated with FIN, for ever", "get", (Rule("truncate_fin", times=ALWAYS),), "corrupt_object", same(2), "twice"),
    Row("truncated with FIN, once", "get", (Rule("truncate_fin"),), "ok", same(2), **BIG),
    Row("truncated with FIN, once", "get", (Rule("truncate_fin"),), "ok", same(2), **RANGE),
    Row("truncated with FIN, for ever", "get", (Rule("truncate_fin", times=ALWAYS),), "corrupt_object", same(2), **RANGE),
    Row("truncated quietly, once", "get", (Rule("truncate_quiet"),), "ok", same(2)),
    Row("truncated quietly, for ever", "get", (Rule("truncate_quiet", times=ALWAYS),), "corrupt_object", same(2), "twice"),
    Row("truncated quietly, for ever", "get", (Rule("truncate_quiet", times=ALWAYS),), "corrupt_object", same(2), **BIG),
    Row("truncated quietly, once", "get", (Rule("truncate_quiet"),), "ok", same(2), **RANGE),
    Row("truncated quietly, for ever", "get", (Rule("truncate_quiet", times=ALWAYS),), "corrupt_object", same(2), **RANGE),
    Row("bits flipped on the way down, once", "get", (Rule("corrupt"),), "ok", same(2)),
    Row("bits flipped on the way down, for ever", "get", (Rule("corrupt", times=ALWAYS),), "corrupt_object", same(2), "twice"),
    Row("bits flipped on the way down, once", "get", (Rule("corrupt"),), "ok", same(2), **BIG),
    Row("bits flipped on the way down, for ever", "get", (Rule("corrupt", times=ALWAYS),), "corrupt_object", same(2), **BIG),
    Row("bits flipped on the way up, once", "put", (Rule("corrupt_upload"),), "ok", same(2)),
    Row("bits flipped on the way up, for ever", "put", (Rule("corrupt_upload", times=ALWAYS),), "corrupt_object", same(2)),
    Row("bits flipped on the way up, once", "put", (Rule("corrupt_upload"),), "ok", same(2), **ABSENT),
    Row("bits flipped on the way up, once", "put", (Rule("corrupt_upload", target=PART),), "ok", same(5), **BIG),
    Row("bits flipped on the way up, for ever", "put", (Rule("corrupt_upload", target=PART, times=ALWAYS),), "corrupt_object", same(5), **BIG),
    Row("listing truncated quietly, once", "list", (Rule("truncate_quiet"),), "ok", same(2)),
    Row("listing truncated quietly, for ever", "list", (Rule("truncate_quiet", times=ALWAYS),), "unavailable", same(3)),
    Row("listing that says there is more, but not where", "list", (Rule("replace", old=b"<IsTruncated>false", new=b"<IsTruncated>true", times=ALWAYS),), "unavailable", same(1)),
    # ---- The answer is lost after the write ----
    Row("answer lost after the write", "put", (Rule("apply_then_reset"),), "ok", same(2)),
    Row("answer lost after the write, for ever", "put", (Rule("apply_then_reset", times=ALWAYS),), "endpoint", same(3), after="new"),
    Row("answer lost after the write", "put", (Rule("apply_then_reset", method="PUT"),), "ok", same(3), **ABSENT),
    Row("answer lost after the write", "put", (Rule("apply_then_reset", method="PUT"),), "ok", same(3), **MATCH),
    Row("500 after the write", "put", (Rule("apply_then_status"),), "ok", same(3), **ABSENT),
    Row("answer lost after the last part", "put", (Rule("apply_then_reset", method="POST", target=COMPLETE),), "ok", same(5), **BIG),
    Row("answer lost after the last part, then 404 NoSuchUpload", "put", (Rule("apply_then_reset", method="POST", target=COMPLETE), *fails(404, "NoSuchUpload", ALWAYS, method="POST", target=COMPLETE)), "ok", same(6), **BIG),
    Row("answer lost after the last part", "put", (Rule("apply_then_reset", method="POST", target=COMPLETE),), "ok", same(6), size=LARGE, **ABSENT),
    Row("answer lost after the deletion", "delete", (Rule("apply_then_reset"),), "ok", same(2)),
    # ---- Others write at the same time ----
    Row("409 ConditionalRequestConflict once", "put", fails(409, "ConditionalRequestConflict", 1), "ok", same(2), **ABSENT),
    Row("409 ConditionalRequestConflict for ever", "put", fails(409, "ConditionalRequestConflict", ALWAYS, method="PUT"), "precondition_failed", same(5), **ABSENT),
    Row("somebody was first", "put", (), "object_exists", (1, 2), arguments={"if_absent": True}),
    Row("somebody has changed it", "put", (), "precondition_failed", (1, 2), arguments={"if_match": "0123456789"}),
    # ---- 200 with <Error> ----
    Row("200 with <Error> at the end of an upload, once", "put", (Rule("ok_with_error_body", method="POST", target=COMPLETE),), "ok", same(5), **BIG),
    Row("200 with <Error> at the end of an upload, for ever", "put", (Rule("ok_with_error_body", method="POST", target=COMPLETE, times=ALWAYS),), "unavailable", same(7), **BIG),
    # ---- Who asks ----
    Row("token expired", "get", fails(400, "ExpiredToken", ALWAYS), "expired_token", same(1), "has expired"),
    Row("token expired", "head", fails(400, "ExpiredToken", ALWAYS), "expired_token", (3, 2), "has expired"),
    Row("token expired", "put", fails(400, "ExpiredToken", ALWAYS), "expired_token", same(1), "has expired"),
    Row("denied", "get", fails(403, "AccessDenied", ALWAYS), "access_denied", same(1), "s3:GetObject"),
    Row("denied", "put", fails(403, "AccessDenied", ALWAYS), "access_denied", same(1), "s3:PutObject"),
    Row("denied", "delete", fails(403, "AccessDenied", ALWAYS), "access_denied", same(1), "s3:DeleteObject"),
    Row("denied", "list", fails(403, "AccessDenied", ALWAYS), "access_denied", same(1), "s3:ListBucket"),
    Row("clock 20 minutes off", "get", (Rule("clock", seconds=1200, times=ALWAYS),), "clock_skew", same(1), "time of the server: "),
    Row("clock 20 minutes off", "put", (Rule("clock", seconds=-1200, times=ALWAYS),), "clock_skew", same(1), "time of the server: "),
    # ---- Where ----
    Row("unreachable", "get", (), "endpoint", same(0), "(from the endpoint argument)", options={"endpoint": "http://127.0.0.1:1"}),
    Row("unreachable", "put", (), "endpoint", same(0), "http://127.0.0.1:1", options={"endpoint": "http://127.0.0.1:1"}),
    Row("no such bucket", "get", (), "bucket_not_found", same(1), "s3://no-such-bucket", options={"bucket": "no-such-bucket"}),
    Row("no such bucket", "put", (), "bucket_not_found", same(1), "s3://no-such-bucket", options={"bucket": "no-such-bucket"}),
    Row("no such bucket", "list", (), "bucket_not_found", same(1), "s3://no-such-bucket", options={"bucket": "no-such-bucket"}),
]  # fmt: skip
