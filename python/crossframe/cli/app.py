"""The command's own options, and the arguments that many commands have."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(
    name="crossframe",
    help="Data frames in buckets and folders, the same in R and Python.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Where = Annotated[
    str, typer.Argument(metavar="URI", help="s3://bucket/key, a path, or a key under the root.")
]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]
Regex = Annotated[bool, typer.Option("--regex", help="The pattern is a regular expression.")]
Format = Annotated[
    str | None, typer.Option("--format", help="Format; by default by content, then extension.")
]
Name = Annotated[str | None, typer.Option("--name", help="Which object of an RData.")]


@app.callback()
def common(
    ctx: typer.Context,
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
