#!/usr/bin/env bash
# Runs every linter and says at the end which of them complained; with --fix, the formatters write.
set -uo pipefail
cd "$(dirname "$0")/.."

failed=()
run() {
    local name=$1
    shift
    echo "-- $name"
    "$@" || failed+=("$name")
}

# Why: clang-format prints every line it would change; the names of the files are enough.
clang_format_check() {
    local file wrong=0
    for file in "$@"; do
        clang-format "$file" | cmp --silent - "$file" || {
            echo "would be reformatted: $file"
            wrong=1
        }
    done
    return $wrong
}

mapfile -t cpp < <(find python/src r-package/src tests/fuzz -type f \( -name '*.cpp' -o -name '*.hpp' -o -name '*.c' -o -name '*.h' \) 2>/dev/null)
mapfile -t r_files < <(find r-package/R r-package/tests tools examples tests -name '*.R' 2>/dev/null)

if [ "${1:-}" = --fix ]; then
    run "ruff format" ruff format --quiet .
    run "ruff check --fix" ruff check --quiet --fix --exit-zero .
    run "air format" air format "${r_files[@]}"
    [ ${#cpp[@]} -eq 0 ] || run "clang-format" clang-format -i "${cpp[@]}"
else
    run "ruff check" ruff check --quiet .
    run "ruff format" ruff format --quiet --check .
    run "mypy" mypy
    run "import-linter" lint-imports --no-cache --no-logo
    run "air format" air format --check "${r_files[@]}"
    run "jarl" jarl check "${r_files[@]}"
    run "layers of the R files" Rscript --vanilla tools/check_r_layers.R
    [ ${#cpp[@]} -eq 0 ] || run "clang-format" clang_format_check "${cpp[@]}"
fi

if [ ${#failed[@]} -gt 0 ]; then
    printf 'lint: %s complained\n' "$(printf '%s, ' "${failed[@]}" | sed 's/, $//')"
    exit 1
fi
