"""Commands that give others access."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from crossframe.cli.app import AsJson, Where, Yes, app
from crossframe.cli.output import show_json
from crossframe.cli.tables import as_text
from crossframe.cli.transfer import confirm

if TYPE_CHECKING:
    from crossframe.letters import Letter
    from crossframe.stores import Link

Expires = Annotated[
    str, typer.Option("--expires", "-e", help="How long the link works: 30m, 12h, 1d ... at most 7d.")
]
Mail = Annotated[bool, typer.Option("--mail", help="Print a text ready to send.")]
KeyOrPrefix = Annotated[str, typer.Argument(metavar="URI", help="A key; a prefix ends in '/'.")]


@app.command(
    short_help="Make a link that fetches one object.",
    epilog="Example: crossframe share s3://lab-data/runs/a.rds --expires 2d",
)
def share(
    ctx: typer.Context,
    uri: Where,
    expires: Expires = "1d",
    version: Annotated[str | None, typer.Option("--version", help="Version id.")] = None,
    mail: Mail = False,
    as_json: AsJson = False,
) -> None:
    """Make a link that fetches one object, for R, Python, a browser or curl; no account is needed."""
    from crossframe import letters, links, snippets

    link = links.share(uri, expires, version=version, options=ctx.obj)
    if as_json:
        return _show_link(link)
    name = uri.rpartition("/")[2]
    if mail:
        return _show_letter(letters.invitation(name, link, link.expires))
    print(f"{link}\nWorks until {as_text(link.expires)} for whoever has it. To fetch it:")
    print("\n".join(letters.told(snippets.loading(link, name))))
    return None


@app.command(
    short_help="Make a link by which others can upload.",
    epilog="Example: crossframe request s3://lab-data/incoming/b.csv --expires 12h",
)
def request(
    ctx: typer.Context, uri: Where, expires: Expires = "1d", mail: Mail = False, as_json: AsJson = False
) -> None:
    """Make a link by which somebody without an account can upload to one key."""
    from crossframe import letters, links, snippets

    link = links.request(uri, expires, options=ctx.obj)
    if as_json:
        return _show_link(link)
    name = uri.rpartition("/")[2]
    if mail:
        return _show_letter(letters.plea(name, link, link.expires))
    print(f"{link}\nWorks until {as_text(link.expires)} for whoever has it. To upload:")
    print("\n".join(letters.told(snippets.uploading(link, name))))
    return None


@app.command(
    short_help="Let anybody read a key or a prefix.", epilog="Example: crossframe publish s3://lab-data/open/"
)
def publish(ctx: typer.Context, uri: KeyOrPrefix, yes: Yes = False, as_json: AsJson = False) -> None:
    """Let anybody read an object, or all below a prefix."""
    from crossframe import links
    from crossframe.stores import resolve

    if not yes and not resolve(uri, options=ctx.obj).key:
        confirm(f"Let anybody read all of {uri}?")
    url = links.publish(uri, options=ctx.obj)
    return show_json({"url": url}) if as_json else print(url)


@app.command(
    short_help="Take back what 'publish' allowed.", epilog="Example: crossframe unpublish s3://lab-data/open/"
)
def unpublish(ctx: typer.Context, uri: KeyOrPrefix, as_json: AsJson = False) -> None:
    """Take back what 'publish' allowed."""
    from crossframe import links

    links.unpublish(uri, options=ctx.obj)
    return show_json({"uri": uri, "public": False}) if as_json else print(f"{uri}: no longer public")


def _show_letter(letter: Letter) -> None:
    print(f"Subject: {letter.subject}\n\n{letter.body}")


def _show_link(link: Link) -> None:
    show_json({"link": str(link), "verb": link.verb, "expires": link.expires})
