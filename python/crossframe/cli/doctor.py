"""The command that looks at the machine itself."""

from __future__ import annotations

from typing import Annotated

import typer

from crossframe.cli.app import AsJson, app
from crossframe.cli.output import show_json

_MARKS = {True: "ok", False: "WRONG", None: "-"}


@app.command(
    short_help="Say what this machine reaches, and what is wrong.",
    epilog="Example: crossframe doctor --probe s3://lab-data/scratch/",
)
def doctor(
    ctx: typer.Context,
    probe: Annotated[
        str | None,
        typer.Option(metavar="URI", help="Write, read and delete a small object of its own there."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what this machine reaches and with what, and what is wrong; exit code 1 where something is."""
    from dataclasses import asdict

    from crossframe.diagnosis import checks

    rows = checks(probe, options=ctx.obj)
    if as_json:
        show_json([asdict(row) for row in rows])
    else:
        width = max(len(row.check) for row in rows)
        for row in rows:
            source = f"  ({row.source})" if row.source else ""
            print(f"{_MARKS[row.ok]:5}  {row.check:{width}}  {row.value}{source}")
            if row.hint:
                print(f"{'':{width + 9}}{row.hint}")
    if any(row.ok is False for row in rows):
        raise typer.Exit(1)
