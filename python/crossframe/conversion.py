"""From one format to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossframe import api
from crossframe.plans import local

if TYPE_CHECKING:
    import os

    from crossframe.results import Saved
    from crossframe.stores import S3Options


def convert(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    name: str | None = None,
    from_: str | None = None,
    to: str | None = None,
    compression: str | None = None,
    overwrite: bool = True,
    strict: bool = False,
    options: S3Options | None = None,
) -> Saved:
    """Convert an object from one format to another; types and attributes stay.

    Args:
        source: What to convert: ``s3://bucket/key``, a path, a key under the root, or a link.
        target: Where to; the extension says the format.
        name: The object of an RData to convert; by default all, where ``target`` can hold them.
        from_: Format of ``source``; by default chosen by magic bytes, then by extension.
        to: Format of ``target``.
        compression: Compression of ``target``, as for ``save``.
        overwrite: ``False`` refuses a key that is taken.
        strict: Raise where a value would not come back unchanged.
        options: How to reach S3.

    Returns:
        What was written.

    Raises:
        CrossframeError: As for ``load`` and ``save``.
    """
    # Why Arrow: nothing is lost on the way, and pandas need not be there.
    held = api.load(local(source), format=from_, name=name, as_="arrow", strict=strict, options=options)
    return api.save(
        held,
        local(target),
        format=to,
        compression=compression,
        overwrite=overwrite,
        strict=strict,
        options=options,
    )
