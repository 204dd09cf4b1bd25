"""Runs the page: binds, says where it is, and ends on Ctrl-C."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING

import uvicorn

from crossframe.errors import AccessDeniedError, CrossframeError, EndpointError, UsageError
from crossframe.web.app import create_app
from crossframe.web.hosts import allowed_hosts, is_loopback
from crossframe.web.keeping import Kept, state_folder
from crossframe.web.places import Place
from crossframe.web.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable

    from crossframe.stores import S3Options

PORT = 8765
_HIGHEST_PORT = 65_535
# Of a stranger who sends nothing, or a browser that keeps a connection.
_IDLE_S = 30
_END_S = 3


def serve(
    root: str,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    read_only: bool = False,
    options: S3Options | None = None,
    ready: Callable[[str, Site], object],
) -> None:
    """Serve the page until it is stopped.

    Args:
        root: A folder, ``s3://bucket``, a prefix of one, or ``s3://`` for all buckets.
        host: Address to be bound to.
        port: Port; by default 8765, or another that is free where that one is taken.
        read_only: Refuse every change.
        options: How to reach S3.
        ready: Called with the link that opens the page, once it answers.

    Raises:
        BucketNotFoundError: There is no such bucket or folder.
        EndpointError: The address or port can't be had.
    """
    place = Place.of(root, options)
    if place.store is not None:
        # Why: a mistyped root is to be told here, and not by an empty page.
        place.store.children("")
    site = Site(
        place,
        read_only=read_only,
        hosts=allowed_hosts(host),
        kept=_kept(place),
        shared=not is_loopback(host),
    )
    listening = _bound(host, port)
    with listening:
        number = listening.getsockname()[1]
        site.cookie = f"crossframe-{number}"
        config = uvicorn.Config(
            create_app(site),
            access_log=False,
            log_level="warning",
            log_config=None,
            server_header=False,
            proxy_headers=False,
            ws="none",
            lifespan="off",
            timeout_keep_alive=_IDLE_S,
            timeout_graceful_shutdown=_END_S,
        )
        ready(_link(host, number, site.token), site)
        uvicorn.Server(config).run(sockets=[listening])


def _kept(place: Place) -> Kept:
    """Return what outlives the server; where there is no room for it, what ends with it."""
    if not place.is_folder:
        return Kept()
    try:
        return Kept(place.title, state_folder())
    except (CrossframeError, OSError):
        return Kept(place.title)


def _bound(host: str, port: int | None) -> socket.socket:
    if port is not None and not 0 <= port <= _HIGHEST_PORT:
        raise UsageError(f"A port is a number from 0 to {_HIGHEST_PORT}, not {port}.")
    try:
        return _listening(host, PORT if port is None else port)
    except OSError as error:
        if port is None and error.errno == errno.EADDRINUSE:
            return _bound(host, 0)
        raise _failure(error, host, port) from error


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen(128)
    except BaseException:
        opened.close()
        raise
    return opened


def _failure(error: OSError, host: str, port: int | None) -> Exception:
    problem = f"Can't serve at {host}" + (f", port {port}" if port else "")
    if error.errno == errno.EADDRINUSE:
        return EndpointError(f"{problem}: another program has that port.", hint="Choose another with --port.")
    if error.errno == errno.EACCES:
        return AccessDeniedError(f"{problem}: the system refuses.", hint="Choose a port above 1023.")
    return EndpointError(
        f"{problem}: this machine has no such address.", hint="Leave --host out, or say 0.0.0.0."
    )


def _link(host: str, port: int, token: str) -> str:
    # Why not the wildcard: it is no address that a browser could open.
    name = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}.get(host, host)  # noqa: S104
    shown = f"[{name}]" if ":" in name else name
    return f"http://{shown}:{port}/?token={token}"
