"""What the shell offers where a place is to be typed: the keys and prefixes there are."""

from __future__ import annotations

from contextlib import suppress


def complete_place(incomplete: str) -> list[str]:
    """Return the places that begin as what was typed; none where they can't be had.

    Why silent: the shell shows whatever is printed in the middle of the line.
    """
    from crossframe.errors import CrossframeError
    from crossframe.listing import level

    above = incomplete[: incomplete.rfind("/") + 1]
    with suppress(CrossframeError):
        if incomplete.startswith("s3:") and above.count("/") < 3:  # noqa: PLR2004 - s3://bucket/
            from crossframe.stores import list_buckets

            found = [f"s3://{bucket.name}/" for bucket in list_buckets(None)]
        else:
            found = [row["key"] for row in level(above)]
        return [place for place in found if place.startswith(incomplete)]
    return []
