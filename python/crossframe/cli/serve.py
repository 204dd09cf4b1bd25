"""The command that shows the files in a browser."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Annotated

import typer

from crossframe.cli.app import app
from crossframe.errors import EngineMissingError

if TYPE_CHECKING:
    from crossframe.web.site import Site

_NEEDED = ("jinja2", "starlette", "uvicorn")


@app.command(epilog="Example: crossframe serve ./lab-data")
def serve(
    ctx: typer.Context,
    root: Annotated[
        str, typer.Argument(metavar="ROOT", help="A folder, s3://bucket, a prefix, or s3:// for all buckets.")
    ],
    port: Annotated[int | None, typer.Option(help="Port; by default 8765, or one that is free.")] = None,
    host: Annotated[
        str, typer.Option(help="Address to serve at; 0.0.0.0 lets other computers in.")
    ] = "127.0.0.1",
    read_only: Annotated[bool, typer.Option("--read-only", help="Refuse every change.")] = False,
    no_open: Annotated[bool, typer.Option("--no-open", help="Don't open a browser.")] = False,
) -> None:
    """Show a bucket or folder as a page: browse, search, preview, upload, share, restore."""
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise EngineMissingError(
            "Can't serve the page: parts of it are not installed.",
            f"Missing: {', '.join(missing)}.",
            "Install them: pip install 'crossframe[web]'",
        )
    from crossframe.web.server import serve as run

    def ready(link: str, site: Site) -> None:
        print(f"My files in {site.place.title}{' (read only)' if read_only else ''}:\n\n    {link}\n")
        print("Whoever has this link can do what you can. Ctrl-C ends it.", flush=True)
        if not no_open:
            import webbrowser

            webbrowser.open(link)

    run(root, host=host, port=port, read_only=read_only, options=ctx.obj, ready=ready)
