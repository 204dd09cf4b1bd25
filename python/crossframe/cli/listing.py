"""Commands that list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from crossframe.cli.app import AsJson, app
from crossframe.cli.output import show_rows

if TYPE_CHECKING:
    from crossframe.stores import S3Options


@app.command(epilog="Example: crossframe ls s3://lab-data/runs/")
def ls(
    ctx: typer.Context,
    uri: Annotated[
        str, typer.Argument(metavar="[URI]", help="Bucket, prefix or folder; s3:// lists buckets.")
    ] = "",
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Everything below.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what lies below a prefix."""
    from crossframe import stores
    from crossframe.listing import level

    options: S3Options | None = ctx.obj
    if uri.rstrip("/") == "s3:":
        buckets = [{"bucket": one.name, "created": one.created} for one in stores.list_buckets(options)]
        return show_rows(buckets, ["created", "bucket"], as_json=as_json)
    listed = level(uri, recursive=recursive, options=options)
    for row in listed:
        row.pop("storage_class", None)
    return show_rows(listed, ["modified", "size", "key"], as_json=as_json)
