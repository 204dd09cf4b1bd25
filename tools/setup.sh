#!/usr/bin/env bash
# Sets this checkout up, one part at a time; `make setup` calls them in order.
#
#   setup.sh system    what the machine must have: compiler, Python headers, R and its packages
#   setup.sh venv      .venv with everything the package and its development need from PyPI
#   setup.sh package   the Python package itself, compiled, into .venv
#   setup.sh r         the R package into .rlib
#
# Each part may be run again at any time and changes only what is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '== %s\n' "$*"; }

show_and_stop() {
    tail -n 60 "$1" >&2
    exit 1
}

# Why: pyenv and the like put another python3 before Debian's; any from 3.11 on will do.
find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

# Names the Debian packages whose purpose is not served on this machine. What is asked is whether the
# thing works, not whether a package is installed: R packages may come from elsewhere.
missing_packages() {
    local python package
    command -v make >/dev/null || echo make
    # Some tests open a link as a stranger would.
    command -v curl >/dev/null || echo curl
    # The page is tried in a real browser.
    command -v chromium >/dev/null || echo chromium
    command -v g++ >/dev/null || command -v c++ >/dev/null || echo g++
    if python=$(find_python); then
        "$python" -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
        "$python" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' || echo python3-dev
    else
        echo python3 python3-venv python3-dev
    fi
    if ! command -v R >/dev/null; then
        echo r-base-core
    fi
    for package in $r_packages; do
        has_r_package "$package" || echo "r-cran-$(tr '[:upper:]' '[:lower:]' <<<"$package")"
    done
}

# The package's imports, then what its tests need.
r_packages="curl jsonlite openssl xml2 bit64 data.table hms testthat tibble"

has_r_package() {
    case " $installed_r_packages " in
    *" $1 "*) return 0 ;;
    *) return 1 ;;
    esac
}

# Why: one start of R for all packages, and none of their loading.
list_r_packages() {
    installed_r_packages=""
    if command -v Rscript >/dev/null; then
        installed_r_packages=$(Rscript --vanilla -e 'cat(unique(basename(dirname(Sys.glob(
            file.path(.libPaths(), "*", "DESCRIPTION"))))))')
    fi
}

set_up_system() {
    local missing install log
    list_r_packages
    missing=$(missing_packages | sort -u | tr '\n' ' ')
    missing=${missing% }
    [ -n "$missing" ] || return 0
    install="apt-get update && apt-get install -y --no-install-recommends $missing"
    log=build/apt.log
    mkdir -p build

    say "this machine lacks: $missing"
    if ! command -v apt-get >/dev/null; then
        say "there is no apt-get here; install what Debian calls by these names, then run make again" >&2
        exit 1
    elif [ "$(id -u)" -eq 0 ]; then
        say "installing it from Debian's archive (what apt-get says: $log)"
        DEBIAN_FRONTEND=noninteractive sh -c "$install" >"$log" 2>&1 || show_and_stop "$log"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        say "installing it from Debian's archive through sudo (what apt-get says: $log)"
        sudo -n DEBIAN_FRONTEND=noninteractive sh -c "$install" >"$log" 2>&1 || show_and_stop "$log"
    else
        say "install it as root, then run make again:" >&2
        printf '\n    sudo sh -c "%s"\n\n' "$install" >&2
        exit 1
    fi

    list_r_packages
    missing=$(missing_packages | sort -u | tr '\n' ' ')
    if [ -n "$missing" ]; then
        say "still missing after the installation: $missing" >&2
        exit 1
    fi
}

# Why: pip retries a connection, not a download that was cut off.
pip_install() {
    local attempt
    for attempt in 1 2 3; do
        .venv/bin/python -m pip install -qq --disable-pip-version-check --no-compile --retries 5 "$@" && return 0
        say "pip failed (attempt $attempt of 3)" >&2
        sleep $((attempt * 5))
    done
    return 1
}

set_up_venv() {
    [ -x .venv/bin/python ] && .venv/bin/python -m pip --version >/dev/null 2>&1 || {
        say "making .venv"
        "$(find_python)" -m venv .venv
    }
    say "installing what the package and its development need into .venv"
    # Why: pip can't install a project's dependencies without building the project.
    .venv/bin/python tools/requirements.py dev >.venv/requirements.txt
    pip_install --requirement .venv/requirements.txt
}

set_up_package() {
    say "building and installing the Python package into .venv"
    .venv/bin/python -m pip install -qq --disable-pip-version-check --no-index --no-build-isolation \
        --no-deps --editable .
    # Why: run away from the checkout, so that only the installed package can answer.
    (cd / && "$OLDPWD/.venv/bin/python" -c 'import crossframe')
}

set_up_r() {
    say "building and installing the R package into .rlib"
    mkdir -p .rlib
    # Why: R leaves object files beside the sources, so it compiles a copy.
    rm -rf build/r-source
    mkdir -p build/r-source
    cp -R r-package build/r-source/crossframe
    rm -f build/r-source/crossframe/src/*.o build/r-source/crossframe/src/*.so
    R CMD INSTALL --no-docs --no-test-load --library=.rlib build/r-source/crossframe \
        >build/r-install.log 2>&1 || show_and_stop build/r-install.log
    (cd / && R_LIBS="$OLDPWD/.rlib" Rscript --vanilla -e 'library(crossframe)')
}

case "${1:-}" in
system) set_up_system ;;
venv) set_up_venv ;;
package) set_up_package ;;
r) set_up_r ;;
*)
    sed -n '2,9s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
