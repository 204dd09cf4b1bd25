"""Links that this server gives for a folder: signed, for one key and one verb, until they end.

Source:
    RFC 2104 (HMAC).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from crossframe.web.replies import RefusedError

if TYPE_CHECKING:
    from crossframe.stores.abilities import Verb

VERBS = frozenset({"get", "put"})
# As S3 has it: Signature Version 4, 7 days.
LONGEST_S = 7 * 86_400


@dataclass(frozen=True, slots=True)
class Signer:
    """Makes links and knows its own.

    Attributes:
        key: What it signs with.
    """

    key: bytes

    def path(self, verb: Verb, path: str, expires_s: int) -> tuple[str, int]:
        """Return the path and query of a link, and when it ends, in seconds since 1970.

        Raises:
            RefusedError: Less than a second, or more than 7 days.
        """
        if not 0 < expires_s <= LONGEST_S:
            raise RefusedError(400, "A link works for 7 days at most, and a second at least.")
        ends = int(time.time()) + expires_s
        signature = self._signature(verb, path, ends)
        # Why a query: readers know by it that what lies beside the object is not theirs to ask for.
        return f"/shared/{verb}/{quote(path, safe='/~')}?ends={ends}&signature={signature}", ends

    def check(self, verb: str, path: str, ends: str, signature: str) -> None:
        """Check that a link is one of ours, and not over.

        Raises:
            RefusedError: It is neither.
        """
        number = int(ends) if ends.isascii() and ends.isdigit() and len(ends) < 16 else -1  # noqa: PLR2004
        right = verb in VERBS and hmac.compare_digest(
            self._signature(verb, path, number).encode(), signature.encode("utf-8", "replace")
        )
        if not right:
            raise RefusedError(403, "This link is not valid.", "Ask for a new one.")
        if number < time.time():
            raise RefusedError(403, "This link has expired.", "Ask for a new one.")

    def _signature(self, verb: str, path: str, ends: int) -> str:
        # Why the numbers of bytes: so that no two triples give one text.
        name = path.encode("utf-8", "surrogateescape")
        text = b"%s %d %d %s" % (verb.encode("utf-8", "replace"), ends, len(name), name)
        digest = hmac.new(self.key, text, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
