"""What the gate is to do to which request."""

from __future__ import annotations

import re
import sys
import threading
from dataclasses import dataclass
from typing import Literal

Action = Literal[
    # before the server hears of the request
    "reset",  # the connection is reset once the request's head has come
    "reset_upload",  # ... once `after` bytes of its body have come
    "hang",  # nothing is said for `seconds`, then reset
    "delay",  # the request is passed on after `seconds`
    "status",  # `status` and `code` are answered
    "ok_with_error_body",  # 200 is answered, with an <Error> of that `code`
    "corrupt_upload",  # the bit 0x40 of the body's byte `at` is flipped
    # after the server has answered
    "apply_then_reset",  # the answer is lost: the connection is reset
    "apply_then_status",  # the answer is replaced by `status` and `code`
    "truncate_fin",  # the body ends after `after` bytes, as if complete
    "truncate_rst",  # ... by a reset
    "truncate_quiet",  # ... and the announced length says so, too
    "corrupt",  # the bit 0x40 of the body's byte `at` is flipped
    "replace",  # in the body, `old` is replaced by `new`
    # the server's clock
    "clock",  # it is `seconds` ahead of everybody else's
]
BEFORE = frozenset({"reset", "reset_upload", "hang", "status", "ok_with_error_body"})
ALWAYS = sys.maxsize


@dataclass(frozen=True, slots=True)
class Rule:
    """One fault.

    Attributes:
        action: What to do.
        method: Regular expression for the whole method; empty for any.
        target: Regular expression to be found in path and query; empty for any.
        skip: Number of matching requests to let pass first.
        times: Number of matching requests to meddle with after these.
        status: HTTP status to answer.
        code: S3's error code to answer.
        headers: Headers to answer besides.
        seconds: How long to wait, or how far the clock is ahead.
        after: Number of bytes to let pass; half of the body by default.
        at: Position of the byte to change; the middle of the body by default.
        old: Bytes to replace.
        new: What to put there.
    """

    action: Action
    method: str = ""
    target: str = ""
    skip: int = 0
    times: int = 1
    status: int = 500
    code: str = "InternalError"
    headers: tuple[tuple[str, str], ...] = ()
    seconds: float = 30.0
    after: int | None = None
    at: int | None = None
    old: bytes = b""
    new: bytes = b""

    def matches(self, method: str, target: str) -> bool:
        """Tell whether the rule is for such a request."""
        return bool(re.fullmatch(self.method or ".*", method) and re.search(self.target, target))


class Rules:
    """The rules in force, with the number of requests that each has seen."""

    def __init__(self, rules: tuple[Rule, ...] = ()) -> None:
        self._seen = [[rule, 0] for rule in rules]
        self._lock = threading.Lock()

    def pick(self, method: str, target: str) -> Rule | None:
        """Return the first rule that is due for a request, and count the request for those before it."""
        with self._lock:
            for counted in self._seen:
                rule, seen = counted
                if rule.matches(method, target):
                    counted[1] = seen + 1
                    if rule.skip <= seen < rule.skip + rule.times:
                        return rule
        return None
