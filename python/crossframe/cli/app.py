"""The command's own options, and the arguments that many commands have."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from crossframe.cli.completion import complete_place

_ORDER = (
    *("ls", "find", "info", "head", "cp", "mv", "rm", "convert", "check"),
    *("share", "request", "publish", "unpublish"),
    *("versions", "restore", "expire", "cleanup", "mb", "serve", "doctor"),
)


class _InOrder(TyperGroup):
    """Lists what is used most first, whichever module it is in."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - typer's own
        """Return the names of the commands."""
        names = super().list_commands(ctx)
        return sorted(names, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))


app = typer.Typer(
    name="crossframe",
    cls=_InOrder,
    help="Data frames in buckets and folders, the same in R and Python.",
    epilog="Example: crossframe ls s3://lab-data/    'crossframe COMMAND --help' has one for each command.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Where = Annotated[
    str,
    typer.Argument(
        metavar="URI",
        help="s3://bucket/key, a path, or a key under the root.",
        autocompletion=complete_place,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]
Regex = Annotated[bool, typer.Option("--regex", help="The pattern is a regular expression.")]
Format = Annotated[
    str | None, typer.Option("--format", help="Format; by default by content, then extension.")
]
Name = Annotated[str | None, typer.Option("--name", help="Which object of an RData.")]


def _show_version(wanted: bool) -> None:
    if wanted:
        from crossframe import __version__

        print(f"crossframe {__version__}")
        raise typer.Exit


@app.callback()
def common(
    ctx: typer.Context,
    *,
    version: Annotated[  # noqa: ARG001 - done by its callback
        bool, typer.Option("--version", help="Show the version.", is_eager=True, callback=_show_version)
    ] = False,
    endpoint: Annotated[str | None, typer.Option(help="S3 endpoint, e.g. https://minio.lab:9000.")] = None,
    region: Annotated[str | None, typer.Option(help="S3 region.")] = None,
    profile: Annotated[str | None, typer.Option(help="AWS profile.")] = None,
    root: Annotated[str | None, typer.Option(help="Where relative keys lie: a bucket or a folder.")] = None,
) -> None:
    """Take what holds for every command: how to reach S3, and where relative keys lie."""
    if root is not None:
        from crossframe.stores import set_root

        set_root(root)
    if endpoint or region or profile:
        from crossframe.stores import S3Options

        ctx.obj = S3Options(endpoint=endpoint, region=region, profile=profile)
