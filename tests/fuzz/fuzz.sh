#!/usr/bin/env bash
# Throws hostile bytes at every reader for FUZZ_SECONDS each (default 600), two at a time: the native targets
# through libFuzzer, then the readers of Python and R. What was found is left in build/fuzz/found; nothing found, status 0.
set -uo pipefail
cd "$(dirname "$0")/../.."

seconds=${FUZZ_SECONDS:-600}
out=$PWD/build/fuzz
found=$out/found
mkdir -p "$found"

compiler=${CLANG:-$(compgen -c clang++ | grep -E '^clang\+\+(-[0-9]+)?$' | sort -u | head -n 1)}
if [ -z "$compiler" ]; then
    echo "make fuzz needs clang with libFuzzer; on Debian: apt-get install clang-14 libclang-rt-14-dev" >&2
    exit 2
fi
.venv/bin/python tests/fuzz/corpus.py "$out/corpus" || exit 1
make -s -C tests/fuzz fuzzers CLANG="$compiler" || exit 1

# What libFuzzer finds worth keeping goes to a folder of its own and is used again next time.
fuzz() {
    local target=$1 corpus=$2
    mkdir -p "$out/kept/$target"
    nice "$out/fuzz-$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -malloc_limit_mb=1024 \
        -max_len=16384 -print_final_stats=1 -artifact_prefix="$found/$target-" \
        "$out/kept/$target" "$out/corpus/$corpus" >"$out/$target.log" 2>&1
}

report() {
    local target=$1 status=$2
    printf '%s: status %s, %s runs, %s\n' "$target" "$status" \
        "$(sed -n 's/^stat::number_of_executed_units: //p' "$out/$target.log")" \
        "$(grep -o 'cov: [0-9]* ft: [0-9]*' "$out/$target.log" | tail -n 1)"
    [ "$status" -eq 0 ] || { tail -n 40 "$out/$target.log"; failed=1; }
}

failed=0
fuzz decode serialized & decode=$!
fuzz scan serialized & scan=$!
wait $decode; report decode $?
wait $scan; report scan $?
fuzz csv csv & csv=$!
nice .venv/bin/python tests/fuzz/fuzz_python.py --seconds "$seconds" --found "$found" || failed=1
wait $csv; report csv $?
R_LIBS=${R_LIBS:-$PWD/.rlib} nice Rscript --vanilla tests/fuzz/fuzz_r.R "$seconds" "$out/corpus" || failed=1
exit $failed
