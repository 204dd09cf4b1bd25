"""Every fault a proxy can make, and what must come of it: data, read by ``test_faults.py``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gate import ALWAYS, Action, Rule

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
        by_link: Whether it is read by a presigned link.
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
    by_link: bool = False
    within_s: float = 30.0

    def ends(self, language: str) -> str:
        """Return the outcome in a language."""
        return self.outcome if isinstance(self.outcome, str) else self.outcome[language == "r"]

    @property
    def verb(self) -> str:
        """The verb as the README names it."""
        extra = {"if_absent": "overwrite=False", "if_match": "if_match", "start": "a range"}
        named = [text for name, text in extra.items() if name in self.arguments]
        size = "17 MB" if self.size == LARGE else ""
        named += ["a link"] * self.by_link
        about = ", ".join([*named, *filter(None, [size])])
        return f"{self.do} ({about})" if about else self.do


IF_MATCH = "the ETag of what is there"
ABSENT: dict[str, Any] = {"arguments": {"if_absent": True}, "before": False}
MATCH: dict[str, Any] = {"arguments": {"if_match": IF_MATCH}}
RANGE: dict[str, Any] = {"arguments": {"start": 100, "length": 500}}
LINK: dict[str, Any] = {"by_link": True}
BIG: dict[str, Any] = {"size": LARGE}
PART: dict[str, Any] = {"target": "partNumber=2"}
COMPLETE: dict[str, Any] = {"method": "POST", "target": "uploadId=[^&]+$"}
NOWHERE: dict[str, Any] = {"options": {"endpoint": "http://127.0.0.1:1"}}
NO_BUCKET: dict[str, Any] = {"options": {"bucket": "no-such-bucket"}}
# What a row waits for in vain, it waits for shortly.
SHORT = {"read_timeout_s": 2}
WAIT: dict[str, Any] = {"options": SHORT}
SERVER_TIME = "time of the server: "


def fails(status: int, code: str, times: int, **more: Any) -> tuple[Rule, ...]:
    return (Rule("status", status=status, code=code, times=times, **more),)


def once(action: Action, **more: Any) -> tuple[Rule, ...]:
    return (Rule(action, **more),)


def ever(action: Action, **more: Any) -> tuple[Rule, ...]:
    return (Rule(action, times=ALWAYS, **more),)


def fails_500(times: int) -> tuple[Rule, ...]:
    return fails(500, "InternalError", times)


def slow_down(times: int, **more: Any) -> tuple[Rule, ...]:
    return fails(503, "SlowDown", times, **more)


def conflict(times: int) -> tuple[Rule, ...]:
    return fails(409, "ConditionalRequestConflict", times, method="PUT")


def same(count: int) -> tuple[int, int]:
    return count, count


EXPIRED = fails(400, "ExpiredToken", ALWAYS)
DENIED = fails(403, "AccessDenied", ALWAYS)
MORE = ever("replace", old=b"<IsTruncated>false", new=b"<IsTruncated>true")
LOST_THEN_GONE = (Rule("apply_then_reset", **COMPLETE), *fails(404, "NoSuchUpload", ALWAYS, **COMPLETE))

ROWS = [
    # ---- The server fails ----
    Row("500 once", "get", fails_500(1), "ok", same(2)),
    Row("500 twice", "get", fails_500(2), "ok", same(3)),
    Row("500 for ever", "get", fails_500(ALWAYS), "unavailable", same(3), "failed 3 times"),
    Row("503 SlowDown once", "get", slow_down(1), "ok", same(2)),
    Row("503 SlowDown twice", "get", slow_down(2), "ok", same(3)),
    Row("503 SlowDown for ever", "get", slow_down(ALWAYS), "unavailable", same(3), "SlowDown"),
    Row("503 SlowDown twice", "get", slow_down(2), "ok", same(3), **RANGE),
    Row("503 SlowDown twice", "head", slow_down(2), "ok", same(3)),
    Row("503 SlowDown for ever", "head", slow_down(ALWAYS), "unavailable", same(6)),
    Row("503 SlowDown twice", "list", slow_down(2), "ok", same(3)),
    Row("503 SlowDown for ever", "list", slow_down(ALWAYS), "unavailable", same(3)),
    Row("503 SlowDown twice", "delete", slow_down(2), "ok", same(3)),
    Row("500 once", "put", fails_500(1), "ok", same(2)),
    Row("503 SlowDown twice", "put", slow_down(2), "ok", same(3)),
    Row("503 SlowDown for ever", "put", slow_down(ALWAYS), "unavailable", same(3)),
    Row("503 SlowDown twice", "put", slow_down(2), "ok", same(3), **ABSENT),
    Row("503 SlowDown for ever", "put", slow_down(ALWAYS), "unavailable", same(3), **MATCH),
    Row("a part: 503 SlowDown twice", "put", slow_down(2, **PART), "ok", same(7), **BIG),
    Row("a part: 503 SlowDown for ever", "put", slow_down(ALWAYS, **PART), "unavailable", same(7), **BIG),
    # ---- The connection breaks ----
    Row("reset before the answer, once", "get", once("reset"), "ok", same(2)),
    Row("reset before the answer, for ever", "get", ever("reset"), "endpoint", same(3), "reached"),
    Row("reset before the answer, once", "put", once("reset"), "ok", same(2)),
    Row("reset before the answer, for ever", "put", ever("reset"), "endpoint", same(3)),
    Row("reset before the answer, once", "list", once("reset"), "ok", same(2)),
    Row("reset in mid upload, once", "put", once("reset_upload"), "ok", same(2)),
    Row("reset in mid upload, for ever", "put", ever("reset_upload"), "endpoint", same(3)),
    Row("reset in mid upload, once", "put", once("reset_upload", **PART), "ok", same(6), **BIG),
    Row("reset in mid upload, for ever", "put", ever("reset_upload", **PART), "endpoint", same(7), **BIG),
    Row("reset in mid download, once", "get", once("truncate_rst"), "ok", same(2)),
    Row(
        "reset in mid download, for ever", "get", ever("truncate_rst"), ("corrupt_object", "endpoint"), (2, 3)
    ),
    Row("reset in mid download, once", "get", once("truncate_rst"), "ok", same(2), **BIG),
    Row("reset in mid download, once", "get", once("truncate_rst"), "ok", same(2), **RANGE),
    Row("no answer, once", "get", once("hang"), "ok", same(2), **WAIT),
    Row("no answer, for ever", "get", ever("hang"), "endpoint", same(3), "reached", **WAIT),
    Row("no answer, once", "put", once("hang"), "ok", same(2), **WAIT),
    # Why two tries only: libcurl takes five seconds more to notice while it sends.
    Row("no answer, for ever", "put", ever("hang"), "endpoint", same(2), options={"attempts": 2, **SHORT}),
    # ---- The bytes are wrong ----
    Row("truncated with FIN, once", "get", once("truncate_fin"), "ok", same(2)),
    Row("truncated with FIN, for ever", "get", ever("truncate_fin"), "corrupt_object", same(2), "twice"),
    Row("truncated with FIN, once", "get", once("truncate_fin"), "ok", same(2), **BIG),
    Row("truncated with FIN, once", "get", once("truncate_fin"), "ok", same(2), **RANGE),
    Row("truncated with FIN, for ever", "get", ever("truncate_fin"), "corrupt_object", same(2), **RANGE),
    Row("truncated quietly, once", "get", once("truncate_quiet"), "ok", same(2)),
    Row("truncated quietly, for ever", "get", ever("truncate_quiet"), "corrupt_object", same(2), "twice"),
    Row("truncated quietly, for ever", "get", ever("truncate_quiet"), "corrupt_object", same(2), **BIG),
    Row("truncated quietly, once", "get", once("truncate_quiet"), "ok", same(2), **RANGE),
    Row("truncated quietly, for ever", "get", ever("truncate_quiet"), "corrupt_object", same(2), **RANGE),
    Row("bits flipped on the way down, once", "get", once("corrupt"), "ok", same(2)),
    Row("bits flipped on the way down, for ever", "get", ever("corrupt"), "corrupt_object", same(2), "twice"),
    Row("bits flipped on the way down, once", "get", once("corrupt"), "ok", same(2), **BIG),
    Row("bits flipped on the way down, for ever", "get", ever("corrupt"), "corrupt_object", same(2), **BIG),
    Row("bits flipped on the way up, once", "put", once("corrupt_upload"), "ok", same(2)),
    Row("bits flipped on the way up, for ever", "put", ever("corrupt_upload"), "corrupt_object", same(2)),
    Row("bits flipped on the way up, once", "put", once("corrupt_upload"), "ok", same(2), **ABSENT),
    Row("bits flipped on the way up, once", "put", once("corrupt_upload", **PART), "ok", same(6), **BIG),
    Row(
        "bits flipped on the way up, for ever",
        "put",
        ever("corrupt_upload", **PART),
        "corrupt_object",
        same(6),
        **BIG,
    ),
    Row("listing truncated quietly, once", "list", once("truncate_quiet"), "ok", same(2)),
    Row("listing truncated quietly, for ever", "list", ever("truncate_quiet"), "unavailable", same(3)),
    Row("listing that says there is more, but not where", "list", MORE, "unavailable", same(1)),
    # ---- The answer is lost after the write ----
    Row("answer lost after the write", "put", once("apply_then_reset"), "ok", same(2)),
    Row(
        "answer lost after the write, for ever",
        "put",
        ever("apply_then_reset"),
        "endpoint",
        same(3),
        after="new",
    ),
    Row(
        "answer lost after the write", "put", once("apply_then_reset", method="PUT"), "ok", same(3), **ABSENT
    ),
    Row("answer lost after the write", "put", once("apply_then_reset", method="PUT"), "ok", same(3), **MATCH),
    Row("500 after the write", "put", once("apply_then_status"), "ok", same(3), **ABSENT),
    Row("answer lost after the last part", "put", once("apply_then_reset", **COMPLETE), "ok", same(6), **BIG),
    Row("answer lost after the last part, then 404 NoSuchUpload", "put", LOST_THEN_GONE, "ok", (7, 8), **BIG),
    Row(
        "answer lost after the last part",
        "put",
        once("apply_then_reset", **COMPLETE),
        "ok",
        (9, 10),
        size=LARGE,
        **ABSENT,
    ),
    Row("answer lost after the deletion", "delete", once("apply_then_reset"), "ok", same(2)),
    # ---- Others write at the same time ----
    Row("409 ConditionalRequestConflict once", "put", conflict(1), "ok", same(2), **ABSENT),
    Row(
        "409 ConditionalRequestConflict for ever",
        "put",
        conflict(ALWAYS),
        "precondition_failed",
        (6, 5),
        **ABSENT,
    ),
    Row("somebody was first", "put", (), "object_exists", (1, 2), arguments={"if_absent": True}),
    Row(
        "somebody has changed it",
        "put",
        (),
        "precondition_failed",
        (1, 2),
        arguments={"if_match": "0123456789"},
    ),
    # ---- 200 with <Error> ----
    Row(
        "200 with <Error> at the end of an upload, once",
        "put",
        once("ok_with_error_body", **COMPLETE),
        "ok",
        same(6),
        **BIG,
    ),
    Row(
        "200 with <Error> at the end of an upload, for ever",
        "put",
        ever("ok_with_error_body", **COMPLETE),
        "unavailable",
        same(8),
        **BIG,
    ),
    # ---- Who asks ----
    Row("token expired", "get", EXPIRED, "expired_token", same(1), "has expired"),
    Row("token expired", "head", EXPIRED, "expired_token", (3, 2), "has expired"),
    Row("token expired", "put", EXPIRED, "expired_token", same(1), "has expired"),
    Row("denied", "get", DENIED, "access_denied", same(1), "s3:GetObject"),
    Row("denied", "put", DENIED, "access_denied", same(1), "s3:PutObject"),
    Row("denied", "delete", DENIED, "access_denied", same(1), "s3:DeleteObject"),
    Row("denied", "list", DENIED, "access_denied", same(1), "s3:ListBucket"),
    Row("clock 20 minutes off", "get", ever("clock", seconds=1200), "clock_skew", same(1), SERVER_TIME),
    Row("clock 20 minutes off", "put", ever("clock", seconds=-1200), "clock_skew", same(1), SERVER_TIME),
    # ---- Where ----
    Row("unreachable", "get", (), "endpoint", same(0), "(from the endpoint argument)", **NOWHERE),
    Row("unreachable", "put", (), "endpoint", same(0), "http://127.0.0.1:1", **NOWHERE),
    Row("no such bucket", "get", (), "bucket_not_found", same(1), "s3://no-such-bucket", **NO_BUCKET),
    Row("no such bucket", "put", (), "bucket_not_found", same(1), "s3://no-such-bucket", **NO_BUCKET),
    Row("no such bucket", "list", (), "bucket_not_found", same(1), "s3://no-such-bucket", **NO_BUCKET),
    # ---- Streams: in bounded memory, several requests at once ----
    Row("a range: 503 SlowDown twice", "get_to", slow_down(2, skip=1), "ok", same(6), **BIG),
    Row("a range: reset in mid download, once", "get_to", once("truncate_rst", skip=1), "ok", same(5), **BIG),
    Row("a range: truncated with FIN, once", "get_to", once("truncate_fin", skip=1), "ok", same(5), **BIG),
    Row("a range: truncated quietly, once", "get_to", once("truncate_quiet", skip=1), "ok", same(5), **BIG),
    Row("a range: no answer, once", "get_to", once("hang", skip=1), "ok", same(5), **BIG, **WAIT),
    Row("a range: bits flipped, once", "get_to", once("corrupt", skip=1), "ok", same(8), **BIG),
    Row(
        "bits flipped on the way down, for ever", "get_to", ever("corrupt"), "corrupt_object", same(8), **BIG
    ),
    Row("truncated quietly, for ever", "get_to", ever("truncate_quiet"), "corrupt_object", same(2), **BIG),
    Row("bits flipped on the way down, for ever", "get_to", ever("corrupt"), "corrupt_object", same(2)),
    Row("reset in mid upload, once", "put_from", once("reset_upload", **PART), "ok", same(6), **BIG),
    Row(
        "a part: 503 SlowDown for ever", "put_from", slow_down(ALWAYS, **PART), "unavailable", same(7), **BIG
    ),
    Row("bits flipped on the way up, once", "put_from", once("corrupt_upload", **PART), "ok", same(6), **BIG),
    Row(
        "answer lost after the last part",
        "put_from",
        once("apply_then_reset", **COMPLETE),
        "ok",
        same(6),
        **BIG,
    ),
    Row(
        "bits flipped on the way up, for ever", "put_from", ever("corrupt_upload"), "corrupt_object", same(2)
    ),
    # ---- Copies ----
    Row("503 SlowDown twice", "copy", slow_down(2, method="PUT"), "ok", same(4)),
    Row("200 with <Error>, once", "copy", once("ok_with_error_body", method="PUT"), "ok", same(3)),
    Row(
        "200 with <Error>, for ever", "copy", ever("ok_with_error_body", method="PUT"), "unavailable", same(4)
    ),
    Row("answer lost after the copy", "copy", once("apply_then_reset", method="PUT"), "ok", same(3)),
    # ---- Many at once ----
    Row("503 SlowDown twice", "get_many", slow_down(2), "ok", same(5)),
    Row("reset before the answer, once", "get_many", once("reset"), "ok", same(4)),
    Row("reset in mid download, once", "get_many", once("truncate_rst"), "ok", same(4)),
    Row("truncated with FIN, once", "get_many", once("truncate_fin"), "ok", same(4)),
    Row("truncated quietly, once", "get_many", once("truncate_quiet"), "ok", same(4)),
    Row("bits flipped on the way down, once", "get_many", once("corrupt"), "ok", same(4)),
    # Python's batches ask key by key; R's ask for all at once.
    Row("bits flipped on the way down, for ever", "get_many", ever("corrupt"), "corrupt_object", (2, 6)),
    Row("no answer, once", "get_many", once("hang"), "ok", same(4), **WAIT),
    Row("503 SlowDown twice", "delete_many", slow_down(2), "ok", same(3)),
    Row("503 SlowDown for ever", "delete_many", slow_down(ALWAYS), "unavailable", same(3)),
    Row("200 with <Error>, once", "delete_many", once("ok_with_error_body", method="POST"), "ok", same(2)),
    Row("answer truncated quietly, once", "delete_many", once("truncate_quiet"), "ok", same(2)),
    Row("answer lost after the deletion", "delete_many", once("apply_then_reset"), "ok", same(2)),
    Row("denied", "delete_many", DENIED, "access_denied", same(1), "s3:DeleteObject"),
    # ---- Links ----
    Row("503 SlowDown twice", "get", slow_down(2), "ok", same(3), **LINK),
    Row("503 SlowDown for ever", "get", slow_down(ALWAYS), "unavailable", same(3), **LINK),
    Row("reset before the answer, once", "get", once("reset"), "ok", same(2), **LINK),
    Row("no answer, once", "get", once("hang"), "ok", same(2), **LINK, **WAIT),
    Row("reset in mid download, once", "get", once("truncate_rst"), "ok", same(2), **LINK),
    Row("truncated with FIN, once", "get", once("truncate_fin"), "ok", same(2), **LINK),
    Row("truncated with FIN, for ever", "get", ever("truncate_fin"), "corrupt_object", same(2), **LINK),
    Row("truncated quietly, for ever", "get", ever("truncate_quiet"), "corrupt_object", same(2), **LINK),
    Row("bits flipped on the way down, once", "get", once("corrupt"), "ok", same(2), **LINK),
    Row("bits flipped on the way down, for ever", "get", ever("corrupt"), "corrupt_object", same(2), **LINK),
    Row("link expired", "get", ever("clock", seconds=7200), "expired_token", same(1), "expired", **LINK),
    Row("denied", "get", DENIED, "access_denied", same(1), **LINK),
]
