#!/usr/bin/env bash
# Builds the native codec with ASan and UBSan beside the usual one and runs its tests under it; .venv stays as it is.
#
#   sanitize.sh [pytest arguments]    by default the codec's own tests
set -euo pipefail
cd "$(dirname "$0")/../.."

build=build/sanitize
python=$PWD/.venv/bin/python
mkdir -p "$build"
"$python" -m cmake -S python -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCROSSFRAME_SANITIZE=ON \
    -DCMAKE_MAKE_PROGRAM="$PWD/.venv/bin/ninja" -DPython_EXECUTABLE="$python" \
    -Dnanobind_DIR="$("$python" -m nanobind --cmake_dir)" >"$build/cmake.log" || { cat "$build/cmake.log"; exit 1; }
"$python" -m cmake --build "$build" >>"$build/cmake.log" || { tail -n 60 "$build/cmake.log"; exit 1; }

[ $# -gt 0 ] || set -- tests/python/test_conformance_frames.py tests/python/test_conformance_bad.py \
    tests/python/test_rds.py tests/python/test_attributes.py tests/python/test_fuzz_python.py

# Python itself is not sanitized, so the runtime is loaded first; libstdc++ too, whose __cxa_throw it replaces.
# What Python keeps to its end would all be leaks; those of the codec are looked for by the drivers.
CROSSFRAME_SANITIZED=$(find "$PWD/$build" -maxdepth 1 -name '_rserial*.so' | head -n 1) \
    LD_PRELOAD="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libstdc++.so)" \
    ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:alloc_dealloc_mismatch=0 \
    UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
    PYTHONMALLOC=malloc PYTHONPATH=tests/fuzz \
    "$python" -m pytest -q -p sanitized -p no:cacheprovider -p no:randomly "$@"
