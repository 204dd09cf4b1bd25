#!/usr/bin/env bash
# R CMD build and R CMD check on what would be given away: the package without the repository round it.
set -euo pipefail
cd "$(dirname "$0")/.."

rm -rf build/r-check
mkdir -p build/r-check/crossframe
# Why: R writes object files beside the sources, so a copy is built.
cp -R r-package/. build/r-check/crossframe
rm -f build/r-check/crossframe/src/*.o build/r-check/crossframe/src/*.so
cd build/r-check

# The package must stand alone: no vectors of the repository, no crossframe of this checkout.
unset CROSSFRAME_CONFORMANCE R_LIBS
# arrow and nanoparquet are suggestions that Debian does not carry.
export _R_CHECK_FORCE_SUGGESTS_=false
# Unset, R asks the internet for the time.
export _R_CHECK_SYSTEM_CLOCK_=false

R CMD build --no-build-vignettes crossframe
R CMD check --no-manual crossframe_*.tar.gz | tee check.out
if grep -qE '^Status:.*(ERROR|WARNING)' check.out; then
    exit 1
fi
