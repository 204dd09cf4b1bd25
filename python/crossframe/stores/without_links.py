"""What stores say that nobody reaches by a link."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossframe.errors import NotSupportedError

if TYPE_CHECKING:
    from crossframe.stores.abilities import Link, Verb


class WithoutLinks:
    """The abilities ``Signs`` and ``Publishes``, refused."""

    _instead = "Copy it to a bucket and share that."

    @property
    def uri(self) -> str:
        """Where the store is."""
        raise NotImplementedError

    def sign(
        self,
        key: str,
        *,
        verb: Verb,  # noqa: ARG002 - refused whatever is asked
        expires_s: int,  # noqa: ARG002
        version: str | None = None,  # noqa: ARG002
        media_type: str | None = None,  # noqa: ARG002
    ) -> Link:
        """Refuse."""
        raise self._refusal(f"make a link to '{key}' in {self.uri}")

    def publish(self, prefix: str) -> str:
        """Refuse."""
        raise self._refusal(f"publish '{prefix}' in {self.uri}")

    def unpublish(self, prefix: str) -> None:
        """Refuse."""
        raise self._refusal(f"unpublish '{prefix}' in {self.uri}")

    def published(self) -> list[str]:
        """Return nothing: nothing can be published."""
        return []

    def _refusal(self, what: str) -> NotSupportedError:
        return NotSupportedError(f"Can't {what}: only a bucket can.", hint=self._instead)
