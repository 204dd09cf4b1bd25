"""Commands on what is temporary, what was left behind, and new buckets."""

from __future__ import annotations

from typing import Annotated

import typer

from crossframe.cli.app import AsJson, app
from crossframe.cli.output import show_json, show_rows
from crossframe.errors import UsageError


@app.command(
    short_help="Let objects go after some days.",
    epilog="Example: crossframe expire s3://lab-data/tmp/ --after 30d",
)
def expire(
    ctx: typer.Context,
    uri: Annotated[str, typer.Argument(metavar="[URI]", help="A key; a prefix ends in '/'.")] = ".",
    after: Annotated[str | None, typer.Option("--after", help="Whole days, such as 30d or 4w.")] = None,
    never: Annotated[bool, typer.Option("--never", help="Take the rule away.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="Show the rules of the bucket or folder.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let objects go some days after they were written; on a folder, 'cleanup' carries it out."""
    from crossframe import housekeeping

    if list_:
        return show_rows(housekeeping.expiries(uri, options=ctx.obj), ["days", "prefix"], as_json=as_json)
    if (after is None) != never:
        raise UsageError("Say either after how long, or never.", hint="Is it --after 30d, or --never?")
    return housekeeping.expire(uri, after, options=ctx.obj)


@app.command(
    short_help="Remove what was left behind or has expired.",
    epilog="Example: crossframe cleanup s3://lab-data/ --older-than 7d --dry-run",
)
def cleanup(
    ctx: typer.Context,
    uri: Annotated[
        str, typer.Argument(metavar="[URI]", help="Bucket, prefix or folder; by default the root.")
    ] = ".",
    older_than: Annotated[str, typer.Option("--older-than", help="Age of what was cut off.")] = "7d",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove what uploads and batches that were cut off left behind, and from a folder what has expired."""
    from crossframe import housekeeping

    rows = housekeeping.cleanup_rows(uri, older_than, dry_run=dry_run, options=ctx.obj)
    return show_rows(rows, ["kind", "modified", "size", "key"], as_json=as_json)


@app.command(short_help="Make a bucket, or a folder.", epilog="Example: crossframe mb s3://lab-data")
def mb(
    ctx: typer.Context,
    uri: Annotated[str, typer.Argument(metavar="URI", help="s3://bucket, or a folder.")],
    versioned: Annotated[
        bool, typer.Option("--versioned/--unversioned", help="Keep what is replaced or deleted.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Make a bucket that keeps versions, or a folder."""
    from crossframe import housekeeping

    made = housekeeping.make_bucket(uri, versioned, options=ctx.obj)
    return show_json({"uri": made}) if as_json else print(made)
