"""Commands that copy."""

from __future__ import annotations

from typing import Annotated

import typer

from crossframe.cli.app import AsJson, Regex, app
from crossframe.cli.output import show_json, with_progress


@app.command(epilog="Example: crossframe cp 's3://lab-data/runs/*.rds' ./runs/")
def cp(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A key, a path, or a pattern.")],
    target: Annotated[str, typer.Argument(metavar="TARGET", help="A key or path; a prefix ends in '/'.")],
    regex: Regex = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite/--no-overwrite", help="Replace what is there.")
    ] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be copied.")] = False,
    as_json: AsJson = False,
) -> None:
    """Copy objects: local to store, store to local, store to store; a CSV's schema goes with it."""
    from crossframe import transfer

    copies = transfer.plan(source, target, regex=regex, options=ctx.obj)
    if not dry_run:
        for _ in with_progress(transfer.run(copies, overwrite=overwrite), copies, quiet=as_json):
            pass
    if as_json:
        return show_json([{"source": c.source.uri, "target": c.target.uri, "bytes": c.size} for c in copies])
    for copy in copies:
        print(f"{copy.source.uri} -> {copy.target.uri}")
    return None
