#!/usr/bin/env bash
# Installs a wheel in an environment of its own, with no compiler to be found, and runs tools/smoke.py.
set -euo pipefail
wheel=$(realpath "$1")
smoke=$(realpath "$(dirname "$0")/smoke.py")
python=$(python3 -c 'import sys; print(sys.executable)')

home=$(mktemp -d)
trap '/bin/rm -rf "$home"' EXIT
"$python" -m venv "$home/venv"
cd "$home"
export PATH="$home/venv/bin"
unset PYTHONPATH
export CC=/nonexistent/cc CXX=/nonexistent/c++
python -m pip install -qq --disable-pip-version-check --retries 5 --only-binary :all: "$wheel"
python "$smoke"
crossframe --help >/dev/null
echo "${wheel##*/}: installed without a compiler and tried"
