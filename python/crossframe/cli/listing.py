"""Commands that list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from crossframe.cli.app import AsJson, Regex, app
from crossframe.cli.completion import complete_place
from crossframe.cli.output import show_rows
from crossframe.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crossframe.stores import S3Options


@app.command(short_help="List what lies below a prefix.", epilog="Example: crossframe ls s3://lab-data/runs/")
def ls(
    ctx: typer.Context,
    uri: Annotated[
        str,
        typer.Argument(
            metavar="[URI]",
            help="Bucket, prefix or folder; s3:// lists buckets.",
            autocompletion=complete_place,
        ),
    ] = "",
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Everything below.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what lies below a prefix."""
    from crossframe import stores
    from crossframe.listing import everything, level

    options: S3Options | None = ctx.obj
    if uri.rstrip("/") == "s3:":
        buckets = [{"bucket": one.name, "created": one.created} for one in stores.list_buckets(options)]
        return show_rows(buckets, ["created", "bucket"], as_json=as_json)
    listed = everything(uri, options=options) if recursive else level(uri, options=options)
    rows = ({name: row[name] for name in row if name != "storage_class"} for row in listed)
    return show_rows(rows, ["modified", "size", "key"], as_json=as_json)


@app.command(
    short_help="List the keys that a pattern matches.",
    epilog="Example: crossframe find 's3://lab-data/{site}/run_{n:int}.csv'",
)
def find(
    ctx: typer.Context,
    pattern: Annotated[str, typer.Argument(metavar="PATTERN", help="A glob, with fields if you like.")],
    regex: Regex = False,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", help="Leave these out; may be given several times.")
    ] = None,
    where: Annotated[
        list[str] | None, typer.Option("--where", help="FIELD=VALUE; may be given several times.")
    ] = None,
    modified_after: Annotated[
        str | None, typer.Option("--modified-after", help="Written then or later: 2024-05-01T12:30:00Z.")
    ] = None,
    modified_before: Annotated[
        str | None, typer.Option("--modified-before", help="Written before that.")
    ] = None,
    min_size: Annotated[int | None, typer.Option("--min-size", help="Bytes, at least.")] = None,
    max_size: Annotated[int | None, typer.Option("--max-size", help="Bytes, at most.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the keys that a pattern matches, and what its fields say."""
    from crossframe.extensions import split_extensions
    from crossframe.matching import found_of, open_pattern

    target = open_pattern(
        pattern,
        regex=regex,
        exclude=exclude,
        where=_by_field(where or ()),
        modified_after=modified_after,
        modified_before=modified_before,
        min_size=min_size,
        max_size=max_size,
        options=ctx.obj,
    )
    rows = (
        {
            "key": one.location.shown,
            "size": one.meta.size,
            "modified": one.meta.modified,
            "etag": one.meta.etag,
            "format": split_extensions(one.meta.key).format,
            **one.fields,
        }
        for one in found_of(target)
    )
    return show_rows(rows, ["modified", "size", *target.pattern.fields, "key"], as_json=as_json)


def _by_field(given: Iterable[str]) -> dict[str, list[str]]:
    """Return the values of each field; those of a field given several times together."""
    found: dict[str, list[str]] = {}
    for text in given:
        field, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"Option --where must be FIELD=VALUE, not '{text}'.")
        found.setdefault(field, []).append(value)
    return found
