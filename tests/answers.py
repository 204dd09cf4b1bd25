"""A server on 127.0.0.1 that answers with bytes as they lie in a folder, for tests in R.

``answers.json`` there names the files to send by path, one a request, the last again and again. Written
there: ``port`` when it listens, ``log`` with a line for each request. It ends with its parent.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections import Counter
from pathlib import Path

NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def main(folder: Path, parent: int) -> None:
    """Serve until the parent is gone."""
    answers: dict[str, list[str]] = json.loads((folder / "answers.json").read_text("utf-8"))
    counts: Counter[str] = Counter()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(1)
        waiting = folder / "port-"
        waiting.write_text(f"{server.getsockname()[1]} {os.getpid()}\n")
        waiting.rename(folder / "port")
        while os.getppid() == parent or _lives(parent):
            try:
                connection, _ = server.accept()
            except TimeoutError:
                continue
            with connection:
                connection.settimeout(5)
                _answer(connection, answers, counts, folder)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _answer(
    connection: socket.socket, answers: dict[str, list[str]], counts: Counter[str], folder: Path
) -> None:
    request = b""
    try:
        while b"\r\n\r\n" not in request:
            received = connection.recv(65536)
            if not received:
                return
            request += received
        with (folder / "log").open("a", encoding="utf-8") as log:
            log.write(request.decode("latin-1").strip().replace("\r\n", " | ") + "\n")
        path = request.split(b" ")[1].decode("latin-1").partition("?")[0]
        files = answers.get(path, [])
        counts[path] += 1
        body = (folder / files[min(counts[path], len(files)) - 1]).read_bytes() if files else NOT_FOUND
        connection.sendall(body)
    except OSError:
        return


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
