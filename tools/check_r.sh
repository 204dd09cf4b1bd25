#!/usr/bin/env bash
# R CMD build, with vignettes, and R CMD check --as-cran on what would be given away, away from the repository.
# Ends in an error where the log has an error, a warning, or a note but those about being new or the network.
#
#   check_r.sh [R]    by default the R on PATH; the log stays in build/r-check/
set -euo pipefail
cd "$(dirname "$0")/.."
r=${1:-R}
logs=$PWD/build/r-check

# What building vignettes and checking as CRAN does need beside what the tests need.
missing=()
for package in haven knitr rmarkdown; do
    "$r" --vanilla --no-echo -e "quit(status = !requireNamespace('$package', quietly = TRUE))" || missing+=("r-cran-$package")
done
for program in pandoc qpdf tidy; do
    command -v "$program" >/dev/null || missing+=("$program")
done
if [ ${#missing[@]} -gt 0 ]; then
    install="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        printf 'check-r needs more than the tests do. Install it as root, then try again:\n\n    %s\n\n' "$install" >&2
        exit 1
    fi
    echo "== installing what check-r needs: ${missing[*]}"
    DEBIAN_FRONTEND=noninteractive sh -c "$install" >/dev/null
fi

# Why elsewhere: the tests look for the checkout they lie in, and the package must stand alone.
folder=$(mktemp -d)
trap '/bin/rm -rf "$folder"' EXIT
cp -R r-package "$folder/crossframe"
rm -f "$folder"/crossframe/src/*.o "$folder"/crossframe/src/*.so
unset CROSSFRAME_CONFORMANCE R_LIBS
# arrow and nanoparquet are suggestions that Debian does not carry, and CRAN is not asked.
export _R_CHECK_FORCE_SUGGESTS_=false
# Unset, R asks the internet for the time, and CRAN whether the name is free.
export _R_CHECK_SYSTEM_CLOCK_=false
export _R_CHECK_CRAN_INCOMING_REMOTE_=false
export LC_ALL=C.UTF-8
# --as-cran looks up in CRAN's list whether a missing suggestion is an orphan, and stops where there is no network.
"$r" --vanilla --no-echo -e 'folder <- commandArgs(TRUE); dir.create(folder, recursive = TRUE); saveRDS(
    data.frame(Package = character(), Maintainer = character()), file.path(folder, "packages.rds"))' \
    --args "$folder/cran/web/packages"
export R_CRAN_WEB="file://$folder/cran"

cd "$folder"
"$r" CMD build crossframe
status=0
"$r" CMD check --as-cran --no-manual crossframe_*.tar.gz || status=$?
mkdir -p "$logs"
cp -R crossframe.Rcheck/00* "$logs"/

# What is about being new stands under CRAN's own heading. That suggestions are not there is about the network.
noted=$(grep -E '\.\.\. (.*)?(NOTE|WARNING|ERROR)$' "$logs/00check.log" |
    grep -v 'checking CRAN incoming feasibility .*NOTE$' || true)
if grep -q "checking: 'arrow', 'nanoparquet'$" "$logs/00check.log"; then
    noted=$(grep -v 'checking package dependencies .*NOTE$' <<<"$noted" || true)
fi
if [ "$status" -ne 0 ] || [ -n "$noted" ]; then
    printf 'check-r: not clean\n%s\n' "$noted"
    exit 1
fi
echo "check-r: clean but for being new ($("$r" --version | head -n 1))"
