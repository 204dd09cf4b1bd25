"""Times one Python way to read and write an RDS. Arguments: way, file, a small file to begin with."""

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
    """Run, print ``what`` and the seconds it took: by the clock, and of all processors."""
    start, used = time.perf_counter(), time.process_time()
    result = work()
    print(what, time.perf_counter() - start)
    print(f"{what}-cpu", time.process_time() - used)
    return result


def held() -> int:
    """Return the most memory this process has held so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def timed_reads(read: Callable[[], object]) -> object:
    """Read twice: into memory that is new to the process, and once more."""
    before = held()
    frame = timed("read", read)
    print("peak", held() - before)
    del frame
    return timed("again", read)


def crossframe(file: Path, small: Path, target: Path) -> None:
    """Read and write with this package."""
    from crossframe import api

    api.save(api.load(small), target)
    frame = timed_reads(lambda: api.load(file))
    compression = "none" if "-plain" in file.name else None
    timed("write", lambda: api.save(frame, target, compression=compression))
    print("size", target.stat().st_size)
    table = api.load(file, as_="arrow")
    print("table", table.nbytes)


def pyreadr(file: Path, small: Path, target: Path) -> None:
    """Read and write with pyreadr."""
    import pyreadr as peer

    peer.write_rds(str(target), peer.read_r(str(small))[None])
    frame = timed_reads(lambda: peer.read_r(str(file))[None])
    compress = None if "-plain" in file.name else "gzip"
    timed("write", lambda: peer.write_rds(str(target), frame, compress=compress))
    print("size", target.stat().st_size)


def inflate(file: Path, small: Path, target: Path) -> None:
    """Only inflate, with isal."""
    from isal import igzip

    del target
    igzip.decompress(small.read_bytes())
    data = file.read_bytes()
    timed_reads(lambda: igzip.decompress(data))


WAYS = {"crossframe": crossframe, "pyreadr": pyreadr, "inflate": inflate}


def main() -> None:
    """Run one way once."""
    way, file, small = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    with tempfile.TemporaryDirectory() as folder:
        WAYS[way](file, small, Path(folder) / "out.rds")


if __name__ == "__main__":
    main()
