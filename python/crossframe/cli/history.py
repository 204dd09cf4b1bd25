"""Commands on what objects were before."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from crossframe.cli.app import AsJson, Where, app
from crossframe.cli.output import show_json, show_rows


@app.command(
    short_help="List what keys held before.", epilog="Example: crossframe versions s3://lab-data/runs/a.rds"
)
def versions(
    ctx: typer.Context,
    uri: Annotated[str, typer.Argument(metavar="URI", help="A key; a prefix ends in '/'.")],
    as_json: AsJson = False,
) -> None:
    """List the versions of a key, or of all keys below a prefix, the newest of each first."""
    from crossframe import history

    rows = history.version_rows(uri, options=ctx.obj)
    if as_json:
        return show_json(rows)
    for row in rows:
        row["state"] = "deleted" if row["deleted"] else "latest" if row["latest"] else ""
    return show_rows(rows, ["modified", "size", "state", "version", "key"], as_json=False)


@app.command(
    short_help="Bring a version back, or undo a deletion.",
    epilog="Example: crossframe restore s3://lab-data/runs/a.rds",
)
def restore(
    ctx: typer.Context,
    uri: Where,
    version: Annotated[
        str | None, typer.Option("--version", help="Version id; by default the last, to undo a deletion.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a version the newest again, or undo a deletion; what is there now stays a version."""
    from crossframe import history

    stored = history.restore(uri, version, options=ctx.obj)
    return show_json(asdict(stored)) if as_json else print(f"{stored.uri}: {stored.bytes:,} bytes")
