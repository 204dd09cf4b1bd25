"""Times one Python way to read and write an RDS. Arguments: way, file, repetitions."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def timed(what: str, work: Callable[[], object]) -> object:
    """Run, print ``what`` and the seconds it took."""
    start = time.perf_counter()
    result = work()
    print(what, time.perf_counter() - start)
    return result


def peak() -> None:
    """Print the most memory this process has held so far, in bytes."""
    print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def crossframe(file: Path, target: Path) -> None:
    """Read and write with this package."""
    from crossframe import api
    from crossframe.frames import from_pandas, to_pandas  # noqa: F401 - importing pandas is not what is timed

    compression = "none" if "-plain" in file.name else None
    frame = timed("read", lambda: api.load(file))
    peak()
    timed("write", lambda: api.save(frame, target, compression=compression))
    print("size", target.stat().st_size)


def pyreadr(file: Path, target: Path) -> None:
    """Read and write with pyreadr."""
    import pyreadr as peer

    frame = timed("read", lambda: peer.read_r(str(file))[None])
    peak()
    timed(
        "write",
        lambda: peer.write_rds(str(target), frame, compress="gzip" if "-plain" not in file.name else None),
    )
    print("size", target.stat().st_size)


def inflate(file: Path, target: Path) -> None:
    """Only inflate, with isal."""
    from isal import igzip

    del target
    data = file.read_bytes()
    timed("read", lambda: igzip.decompress(data))


WAYS = {"crossframe": crossframe, "pyreadr": pyreadr, "inflate": inflate}


def main() -> None:
    """Run one way as often as asked."""
    way, file, repetitions = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(repetitions):
            WAYS[way](file, Path(folder) / "out.rds")


if __name__ == "__main__":
    main()
