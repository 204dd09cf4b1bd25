"""Random damage through every Python reader, for as long as asked; part of ``make fuzz``.

``fuzz_python.py --seconds N --found FOLDER [--seed N]``. What raises a foreign error, or takes more than
twenty seconds of the processor, is left in FOLDER, once for each place in the code.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import resource
import sys
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

import targets

from crossframe.errors import CrossframeError

MEMORY = 24 << 30  # bytes
SLOW = 20  # seconds


def place(error: BaseException) -> str:
    """Return where an error came from, as one line."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"


def run(name: str, data: bytes) -> str | None:
    """Read; say what was wrong with the answer."""
    # Why the processor's time: others keep the machine busy.
    start = time.process_time()
    try:
        targets.READERS[name](data)
    except CrossframeError:
        pass
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        return place(error)
    return "slow" if time.process_time() - start > SLOW else None


def main() -> int:
    """Take turns among the readers until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--found", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=list(targets.READERS))
    words = parser.parse_args()
    words.found.mkdir(parents=True, exist_ok=True)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    warnings.simplefilter("ignore")
    chance = random.Random(words.seed)
    names = [words.only] if words.only else list(targets.READERS)
    seeds = {name: targets.seeds(name) for name in names}
    runs: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    end = time.monotonic() + words.seconds
    while time.monotonic() < end:
        for name, start in seeds.items():
            data = targets.mutated(start, chance)
            runs[name] += 1
            problem = run(name, data)
            if problem is None:
                continue
            if not wrong[f"{name}: {problem}"]:
                (words.found / f"{name}-{hashlib.sha256(data).hexdigest()[:12]}").write_bytes(data)
            wrong[f"{name}: {problem}"] += 1
    print("python:", ", ".join(f"{name} {count} runs" for name, count in runs.items()))
    for problem, count in wrong.most_common():
        print(f"FOREIGN {problem} ({count} times)")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
