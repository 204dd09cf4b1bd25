"""S3 servers on 127.0.0.1 for the tests of both languages and for the demo.

Usage: ``python tests/servers.py moto|seaweedfs|seaweedfs-tls [--port-file FILE] [--parent PID]``

Once the server answers, these lines are printed, and written to FILE (which appears whole)::

    AWS_ENDPOINT_URL_S3=http://127.0.0.1:40123
    AWS_ACCESS_KEY_ID=...
    AWS_SECRET_ACCESS_KEY=...
    AWS_DEFAULT_REGION=us-east-1
    SERVER_PID=4711

and ``AWS_CA_BUNDLE=...``, the file of an authority made for the run, where the server speaks TLS.

The server ends on SIGTERM to SERVER_PID, when standard input (where that is a pipe) closes, and when
the process PID dies, which is the one that started it unless told otherwise. R's
``system2(wait = FALSE)`` starts through a shell that ends at once: pass ``--parent`` there.

Standard library, boto3, trustme and the servers only, so that it runs from any folder.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import logging
import os
import select
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterator

REGION = "us-east-1"
START_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class Server:
    """A running server and the key pair that may do everything on it.

    ``authority`` is the file of the certificate to trust, where the server speaks TLS.
    """

    endpoint: str
    access_key: str
    secret_key: str
    authority: str | None = None

    def env(self) -> dict[str, str]:
        """Return what a client needs in its environment."""
        return {
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": REGION,
            **({"AWS_CA_BUNDLE": self.authority} if self.authority else {}),
        }

    @classmethod
    def from_env(cls, env: dict[str, str]) -> Server:
        """Return the server that ``env()`` describes."""
        return cls(
            env["AWS_ENDPOINT_URL_S3"],
            env["AWS_ACCESS_KEY_ID"],
            env["AWS_SECRET_ACCESS_KEY"],
            env.get("AWS_CA_BUNDLE"),
        )

    def client(self, service: str = "s3", **config: Any) -> Any:
        """Return a plain boto3 client, to look at the server past the code under test."""
        import boto3
        from botocore.config import Config

        session = boto3.Session(self.access_key, self.secret_key, region_name=REGION)
        style = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 2}, **config)
        return session.client(service, endpoint_url=self.endpoint, verify=self.authority, config=style)


@contextlib.contextmanager
def moto() -> Iterator[Server]:
    """Run moto in this process, signature and permission checks on."""
    from moto import settings
    from moto.server import ThreadedMotoServer

    # A line for each request is no test's business.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    # Why off first: the key pair that signs has to be made by requests nobody can sign yet.
    settings.INITIAL_NO_AUTH_ACTION_COUNT = float("inf")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    iam = Server(endpoint, "setup", "setup").client("iam")
    iam.create_user(UserName="lab")
    allowed = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    iam.put_user_policy(UserName="lab", PolicyName="all", PolicyDocument=json.dumps(allowed))
    pair = iam.create_access_key(UserName="lab")["AccessKey"]
    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
    try:
        yield Server(endpoint, pair["AccessKeyId"], pair["SecretAccessKey"])
    finally:
        server.stop()


@contextlib.contextmanager
def seaweedfs(*, tls: bool = False) -> Iterator[Server]:
    """Run SeaweedFS as a child process on an empty folder that goes with it."""
    with tempfile.TemporaryDirectory(prefix="seaweedfs-", ignore_cleanup_errors=True) as folder:
        # Why again: between the choice of the free ports and their use another process may take one.
        authority = _make_certificates(Path(folder)) if tls else None
        for attempt in range(3):
            ports = _free_ports(10)
            endpoint = f"{'https' if tls else 'http'}://127.0.0.1:{ports[0]}"
            server = Server(endpoint, "lab", "a-secret-of-the-lab", authority)
            child = _start_weed(Path(folder) / str(attempt), server, ports)
            try:
                if _answers(server, child):
                    yield server
                    return
            finally:
                # Why not gently: it takes seconds to close files that nobody wants.
                child.kill()
                child.wait()
                _remove_sockets(ports)
        log = (Path(folder) / "2" / "weed.log").read_text(errors="replace")
        raise RuntimeError(f"SeaweedFS did not start:\n{log[-2000:]}")


def _remove_sockets(ports: list[int]) -> None:
    for port in ports:
        for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
            left.unlink(missing_ok=True)


class Restartable:
    """SeaweedFS on a folder that outlives it: killed by ``kill()``, back again after ``start()``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = _free_ports(10)
        self._child: subprocess.Popen[bytes] | None = None
        self.server = Server(f"http://127.0.0.1:{self._ports[0]}", "lab", "a-secret-of-the-lab")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        _remove_sockets(self._ports)

    def start(self) -> None:
        """Start it; return once it answers."""
        self._child = _start_weed(self._folder, self.server, self._ports)
        if not _answers(self.server, self._child):
            log = (self._folder / "weed.log").read_text(errors="replace")
            raise RuntimeError(f"SeaweedFS did not start:\n{log[-2000:]}")

    def kill(self) -> None:
        """End it as kill -9 does."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()


def seaweedfs_tls() -> contextlib.AbstractContextManager[Server]:
    """Run SeaweedFS over TLS, its certificate signed by an authority of this run only."""
    return seaweedfs(tls=True)


def _make_certificates(folder: Path) -> str:
    """Write a key and a certificate for 127.0.0.1; return the file of the authority that signed it."""
    import trustme

    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    for pem in certificate.cert_chain_pems:
        pem.write_to_path(str(folder / "certificate.pem"), append=True)
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    return str(folder / "authority.pem")


def _start_weed(folder: Path, server: Server, ports: list[int]) -> subprocess.Popen[bytes]:
    data, temporary = folder / "data", folder / "tmp"
    data.mkdir(parents=True, exist_ok=True)
    temporary.mkdir(exist_ok=True)
    pair = {"accessKey": server.access_key, "secretKey": server.secret_key}
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    identities = {"identities": [{"name": "lab", "credentials": [pair], "actions": actions}]}
    (folder / "identities.json").write_text(json.dumps(identities))
    roles = ("s3", "master", "volume", "filer", "admin")
    listen = [f"-{role}.port={port}" for role, port in zip(roles, ports[:5], strict=True)]
    listen += [f"-{role}.port.grpc={port}" for role, port in zip(roles, ports[5:], strict=True)]
    if server.authority:
        listen += [
            f"-s3.cert.file={folder.parent / 'certificate.pem'}",
            f"-s3.key.file={folder.parent / 'key.pem'}",
        ]
    weed = Path(sys.executable).with_name("weed")
    command = [
        str(weed) if weed.exists() else "weed",
        "mini",
        f"-dir={data}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-master.telemetry=false",
        "-webdav=false",
        "-admin.ui=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        f"-s3.config={folder / 'identities.json'}",
        # Why: a typo in a bucket's name must fail here as it does on AWS.
        "-s3.autoCreateBucket=false",
        "-s3.allowDeleteBucketNotEmpty=true",
        # Why: by default the free disk says how many buckets there is room for, a few volumes each.
        "-volume.max=20000",
        *listen,
    ]
    with (folder / "weed.log").open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=folder,
            # Why: it leaves logs of its own among the temporary files.
            env=os.environ | {"TMPDIR": str(temporary)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - no thread yet
        )


def _end_with_parent() -> None:
    """Have the kernel end this process with the one that started it, however that ends."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1  # linux/prctl.h
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _answers(server: Server, child: subprocess.Popen[bytes]) -> bool:
    """Tell whether a bucket can be made and an object written before the time is up."""
    from botocore.exceptions import BotoCoreError, ClientError

    client = server.client(connect_timeout=2, read_timeout=10)
    end = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < end and child.poll() is None:
        try:
            client.create_bucket(Bucket="is-it-up")
            client.put_object(Bucket="is-it-up", Key="key", Body=b"bytes")
            client.delete_object(Bucket="is-it-up", Key="key")
            client.delete_bucket(Bucket="is-it-up")
        except (BotoCoreError, ClientError):
            time.sleep(0.1)
        else:
            return True
    return False


@contextlib.contextmanager
def aws() -> Iterator[Server]:
    """Run AWS's services that give out credentials, as far as the tests ask them; there is no S3."""
    from fake_aws import fake_aws

    with fake_aws() as endpoint:
        yield Server(endpoint, "lab", "secret of lab")


SERVERS = {"aws": aws, "moto": moto, "seaweedfs": seaweedfs, "seaweedfs-tls": seaweedfs_tls}


@contextlib.contextmanager
def running(name: str) -> Iterator[Server]:
    """Run a server in a process of its own, as the command does."""
    command = [sys.executable, __file__, name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            env: dict[str, str] = {}
            for line in child.stdout:
                key, _, value = line.rstrip("\n").partition("=")
                env[key] = value
                if key == "SERVER_PID":
                    break
            else:
                raise RuntimeError(f"The {name} server did not start; its reason is above.")
            yield Server.from_env(env)
        finally:
            # It ends when nobody can write to it any more.
            child.stdin.close()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _wait(parent: int, started_by: int) -> None:
    """Return when standard input closes or the parent is gone; a signal ends the wait by an exception."""
    watched = [sys.stdin] if sys.stdin and stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode) else []
    while _alive(parent) and (parent != started_by or os.getppid() == started_by):
        readable, _, _ = select.select(watched, [], [], 0.5)
        if readable and not os.read(sys.stdin.fileno(), 4096):
            return


def _stop(signum: int, frame: object) -> None:
    raise SystemExit(0)


def main() -> None:
    """Run one server until it is no longer wanted."""
    started_by = os.getppid()
    parser = argparse.ArgumentParser(description="Run an S3 server for tests on 127.0.0.1.")
    parser.add_argument("server", choices=sorted(SERVERS))
    parser.add_argument("--port-file", type=Path, help="written once the server answers")
    parser.add_argument("--parent", type=int, default=started_by, help="end when this process is gone")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    with SERVERS[arguments.server]() as server:
        lines = [f"{name}={value}\n" for name, value in server.env().items()]
        text = "".join([*lines, f"SERVER_PID={os.getpid()}\n"])
        if arguments.port_file:
            part = arguments.port_file.with_name(arguments.port_file.name + ".part")
            part.write_text(text)
            part.replace(arguments.port_file)
        sys.stdout.write(text)
        sys.stdout.flush()
        _wait(arguments.parent, started_by)


if __name__ == "__main__":
    main()
