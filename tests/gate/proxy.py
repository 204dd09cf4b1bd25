"""The gate itself: one thread for each connection, bodies up held in bounded memory, bodies down streamed."""

from __future__ import annotations

import contextlib
import http.client
import socket
import struct
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from gate.rules import BEFORE, Rule, Rules
from gate.signatures import Received, Refused, check_request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# An upload's part is 16 MiB; more than a few of them in one request is not S3's way.
_MOST_BODY_BYTES = 128 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024
_UPSTREAM_TIMEOUT_S = 60
# They belong to one connection and are not passed on. Source: RFC 9110, 7.6.1.
_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade", "transfer-encoding"}
)
_XML = ("Content-Type", "application/xml")


@dataclass
class Entry:
    """One request, as it is noted. Written once the answer is under way."""

    method: str
    target: str
    headers: dict[str, str]
    fault: str | None
    status: int | None = None
    code: str = ""
    time: float = field(default_factory=time.monotonic)


class Gate:
    """A proxy before an S3 server, ended by leaving its ``with`` block.

    Args:
        upstream: The server's URL, plain http.
        keys: Secret key by access key.
        region: The server's region.
    """

    def __init__(self, upstream: str, keys: Mapping[str, str], region: str = "us-east-1") -> None:
        parts = urlsplit(upstream)
        self.upstream = (parts.hostname or "", parts.port or 80)
        self.keys = dict(keys)
        self.region = region
        self.rules = Rules()
        self.log: list[Entry] = []
        self.ended = threading.Event()
        handler = type("Handler", (_Handler,), {"gate": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        """Start to listen."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, hanging requests included."""
        self.ended.set()
        self._server.end_connections()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def expect(self, *rules: Rule) -> None:
        """Put rules in the place of those before, and start a new log.

        Connections are ended, for clients ask once more without a word where one that was kept fails.
        """
        self.rules = Rules(rules)
        self.log = []
        self._server.end_connections()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def end_connections(self) -> None:
        """End every connection that is open."""
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that went away: that is what the tests are about."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    gate: Gate

    def log_message(self, format: str, *args: object) -> None:
        pass

    def handle_any(self) -> None:
        rule = self.gate.rules.pick(self.command, self.path)
        headers = _joined(self.headers.items())
        entry = Entry(self.command, self.path, headers, rule.action if rule else None)
        self.gate.log.append(entry)
        if rule and self._ends_at_once(rule):
            return
        body = self._read_body()
        try:
            self._check(Received(self.command, self.path, headers, body), rule)
        except Refused as refused:
            entry.status, entry.code = refused.status, refused.code
            self._refuse(refused, rule)
            return
        if rule and rule.action == "corrupt_upload":
            body = _flipped(body, rule.at)
        answer = self._ask_upstream(body)
        if answer is None:
            self._reset()
            return
        with answer:
            entry.status = answer.status
            self._answer(answer, rule)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any  # noqa: N815

    # ---- Before the server hears of it ----

    def _ends_at_once(self, rule: Rule) -> bool:
        """Carry out what needs no body; tell whether that was the end of the request."""
        if rule.action in {"delay", "hang"}:
            self.gate.ended.wait(rule.seconds)
        if rule.action == "reset_upload":
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length // 2 if rule.after is None else rule.after)
        ends = rule.action in {"reset", "reset_upload", "hang"}
        if ends:
            self._reset()
        return ends

    def _read_body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return b"".join(self._chunks())
        length = int(self.headers.get("Content-Length") or 0)
        if length > _MOST_BODY_BYTES:
            raise ValueError(f"A body of {length} bytes is more than the gate holds.")
        return self.rfile.read(length)

    def _chunks(self) -> Iterator[bytes]:
        total = 0
        while size := int(self.rfile.readline().split(b";")[0], 16):
            total += size
            if total > _MOST_BODY_BYTES:
                raise ValueError("A body in chunks is more than the gate holds.")
            yield self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass

    def _check(self, request: Received, rule: Rule | None) -> None:
        """Refuse what S3 would refuse, and then what the rule says."""
        check_request(request, self.gate.keys, self.gate.region, _clock(rule))
        if rule and rule.action in BEFORE:
            status = 200 if rule.action == "ok_with_error_body" else rule.status
            raise Refused(status, rule.code, "Injected.")

    def _ask_upstream(self, body: bytes) -> http.client.HTTPResponse | None:
        """Return the server's answer, or nothing where there is no server any more."""
        connection = http.client.HTTPConnection(*self.gate.upstream, timeout=_UPSTREAM_TIMEOUT_S)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in _HOP_BY_HOP | {"content-length", "expect"}:
                connection.putheader(name, value)
        connection.putheader("Connection", "close")
        if body or self.command in {"PUT", "POST"}:
            connection.putheader("Content-Length", str(len(body)))
        try:
            connection.endheaders(body)
            return connection.getresponse()
        except (OSError, http.client.HTTPException):
            connection.close()
            return None

    # ---- After the server has answered ----

    def _answer(self, answer: http.client.HTTPResponse, rule: Rule | None) -> None:
        action = rule.action if rule else ""
        if rule and action == "apply_then_reset":
            answer.read()
            self._reset()
        elif rule and action == "apply_then_status":
            answer.read()
            self._refuse(Refused(rule.status, rule.code, "Injected, after it was done."), rule)
        elif self.command == "HEAD" or answer.status in {204, 304}:
            self._head(answer.status, _end_to_end(answer, rule))
        elif rule and action in {"truncate_fin", "truncate_rst", "truncate_quiet", "corrupt", "replace"}:
            self._damage(answer, rule)
        else:
            self._stream(answer, rule)

    def _stream(self, answer: http.client.HTTPResponse, rule: Rule | None) -> None:
        headers = _end_to_end(answer, rule)
        if answer.length is None:
            # In chunks, as listings are: they are short.
            body = answer.read()
            self._head(answer.status, [*headers, ("Content-Length", str(len(body)))])
            self.wfile.write(body)
            return
        self._head(answer.status, headers)
        while chunk := answer.read(_CHUNK_BYTES):
            self.wfile.write(chunk)

    def _damage(self, answer: http.client.HTTPResponse, rule: Rule) -> None:
        body = answer.read()
        headers = [pair for pair in _end_to_end(answer, rule) if pair[0].lower() != "content-length"]
        announced, sent = len(body), body
        if rule.action == "corrupt":
            sent = _flipped(body, rule.at)
        elif rule.action == "replace":
            sent = body.replace(rule.old, rule.new)
            announced = len(sent)
        else:
            sent = body[: len(body) // 2 if rule.after is None else rule.after]
            announced = len(sent) if rule.action == "truncate_quiet" else len(body)
        self._head(answer.status, [*headers, ("Content-Length", str(announced))])
        self.wfile.write(sent)
        if rule.action == "truncate_rst":
            # Why: what is still on its way would be thrown away by the reset.
            self.gate.ended.wait(0.05)
            self._reset()
        elif rule.action == "truncate_fin":
            self.close_connection = True

    def _refuse(self, refused: Refused, rule: Rule | None) -> None:
        fields = {"Code": refused.code, "Message": refused.message, **refused.fields, "RequestId": "GATE"}
        inner = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in fields.items())
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inner}</Error>'.encode()
        headers = [
            _XML,
            ("Content-Length", str(len(body))),
            ("Date", format_datetime(_clock(rule), usegmt=True)),
        ]
        self._head(refused.status, [*headers, *(rule.headers if rule else ())])
        if self.command != "HEAD":
            self.wfile.write(body)

    def _head(self, status: int, headers: list[tuple[str, str]]) -> None:
        lines = [f"HTTP/1.1 {status} {http.client.responses.get(status, '')}"]
        lines += [f"{name}: {value}" for name, value in headers]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1"))

    def _reset(self) -> None:
        """End the connection by RST: what was not read yet is lost."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            # On, and no time to linger.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()


def _joined(pairs: Any) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in pairs:
        known = headers.get(name.lower())
        headers[name.lower()] = value if known is None else f"{known},{value}"
    return headers


def _end_to_end(answer: http.client.HTTPResponse, rule: Rule | None) -> list[tuple[str, str]]:
    pairs = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP]
    if rule and rule.action == "clock":
        pairs = [pair for pair in pairs if pair[0].lower() != "date"]
        pairs.append(("Date", format_datetime(_clock(rule), usegmt=True)))
    return pairs


def _clock(rule: Rule | None) -> datetime:
    """Return the time that the server believes it is."""
    ahead = rule.seconds if rule and rule.action == "clock" else 0.0
    return datetime.now(UTC) + timedelta(seconds=ahead)


def _flipped(body: bytes, at: int | None) -> bytes:
    if not body:
        return body
    position = (len(body) // 2 if at is None else at) % len(body)
    return body[:position] + bytes([body[position] ^ 0x40]) + body[position + 1 :]
