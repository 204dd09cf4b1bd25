"""The SigV4 vectors are what botocore, and so boto3, signs today; the R package is tested against them."""

import subprocess
import sys
from pathlib import Path

GENERATOR = Path(__file__).parents[1] / "conformance" / "generate_sigv4.py"


def test_vectors_are_what_botocore_signs() -> None:
    done = subprocess.run([sys.executable, GENERATOR, "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
