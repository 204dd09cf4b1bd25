"""Commands that copy, move and delete."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossframe.cli.app import AsJson, Regex, Yes, app
from crossframe.cli.completion import complete_place
from crossframe.cli.output import show_json
from crossframe.cli.progress import watching
from crossframe.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from crossframe.plans import Copy
    from crossframe.stores import S3Options

Source = Annotated[
    str,
    typer.Argument(metavar="SOURCE", help="A key, a path, or a pattern.", autocompletion=complete_place),
]
Target = Annotated[
    str,
    typer.Argument(
        metavar="TARGET", help="A key or path; a prefix ends in '/'.", autocompletion=complete_place
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite/--no-overwrite", help="Replace what is there.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]


@app.command(
    short_help="Copy objects and files, one or by pattern.",
    epilog="Example: crossframe cp 's3://lab-data/runs/*.rds' ./runs/",
)
def cp(
    ctx: typer.Context,
    source: Source,
    target: Target,
    regex: Regex = False,
    overwrite: Overwrite = True,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Copy objects and files: local to store, store to local, store to store; a CSV's schema goes with it.

    What begins with '.', '/' or '~' is a file of this machine; anything else is a key.
    """
    copies, work = _planned(source, target, regex=regex, overwrite=overwrite, options=ctx.obj)
    _carry_out(copies, work, "copying", dry_run=dry_run, as_json=as_json)


@app.command(
    short_help="Move objects and files, one or by pattern.",
    epilog="Example: crossframe mv s3://lab-data/runs/ s3://lab-data/old/runs/",
)
def mv(
    ctx: typer.Context,
    source: Source,
    target: Target,
    regex: Regex = False,
    overwrite: Overwrite = True,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Move objects and files: each is deleted where it was once its copy is complete."""
    from crossframe.plans import is_path
    from crossframe.transfer import check_movable, move_file_one, move_one

    copies, work = _planned(source, target, regex=regex, overwrite=overwrite, options=ctx.obj)
    check_movable(copies)
    move = move_file_one if is_path(source) else move_one
    _carry_out(copies, partial(move, work=work), "moving", dry_run=dry_run, as_json=as_json)


@app.command(
    short_help="Delete objects, one or by pattern.",
    epilog="Example: crossframe rm 's3://lab-data/runs/*.csv'",
)
def rm(
    ctx: typer.Context,
    uri: Annotated[str, typer.Argument(metavar="URI", help="A key, or a pattern; ending in '/', all below.")],
    regex: Regex = False,
    version: Annotated[
        str | None, typer.Option("--version", help="Remove this version of the key, for ever.")
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Delete objects. Where the store keeps versions, 'restore' brings them back."""
    from crossframe import deletion

    if version is not None:
        deletion.delete(uri, regex=regex, version=version, options=ctx.obj) if not dry_run else None
        return show_json([uri]) if as_json else print(uri)
    found, schemas = deletion.chosen(uri, regex=regex, options=ctx.obj)
    keys = [one.shown for one in found]
    if not dry_run:
        if len(keys) > 1 and not yes:
            confirm(f"Delete {len(keys)} objects, {keys[0]} to {keys[-1]}?")
        deletion.remove(found, schemas)
    if as_json:
        return show_json(keys)
    for key in keys:
        print(key)
    return None


def confirm(question: str) -> None:
    """Go on only if the user says yes."""
    if not sys.stdin.isatty():
        raise UsageError("Can't go on without being told to.", question, "Say so with --yes.")
    typer.confirm(question, abort=True, err=True)


def _planned(
    source: str, target: str, *, regex: bool, overwrite: bool, options: S3Options | None
) -> tuple[list[Copy], Callable[..., Any]]:
    """Return what is to be copied, and how: between stores, or straight to or from files of this machine."""
    from crossframe import plans, transfer

    if plans.is_path(target):
        goal = plans.of_this_machine(target)
        copies = plans.plan(source, goal, regex=regex, options=options)
        return copies, partial(transfer.download_one, overwrite=overwrite)
    if plans.is_path(source) and not regex:
        copies = plans.plan_file(source, target, options=options)
        return copies, partial(transfer.upload_one, overwrite=overwrite)
    copies = plans.plan(source, target, regex=regex, options=options)
    return copies, partial(transfer.copy_one, overwrite=overwrite)


def _carry_out(
    copies: list[Copy], work: Callable[..., Any], verb: str, *, dry_run: bool, as_json: bool
) -> None:
    from crossframe import transfer

    if not dry_run:
        with watching(copies, verb, quiet=as_json) as watch:
            for _ in transfer.run(copies, lambda copy: work(copy, watch=watch(copy))):
                pass
    if as_json:
        return show_json([{"source": c.source.uri, "target": c.target.uri, "bytes": c.size} for c in copies])
    for copy in copies:
        print(f"{copy.source.uri} -> {copy.target.uri}")
    return None
