#!/usr/bin/env bash
# tools/check_r.sh with Debian trixie's R 4.5, in a folder of its own (CROSSFRAME_TRIXIE, by default build/trixie) made
# by debootstrap: as root, over the network, 1.5 GB. Nothing is installed on this machine but debootstrap.
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD
trixie=$(realpath -m "${CROSSFRAME_TRIXIE:-build/trixie}")

if [ "$(id -u)" -ne 0 ]; then
    echo "check-r45 makes a Debian in a folder, which needs root" >&2
    exit 1
fi
command -v debootstrap >/dev/null || {
    echo "== installing debootstrap"
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends debootstrap; } >/dev/null
}
if [ ! -e "$trixie/.complete" ]; then
    echo "== making $trixie"
    [ -x "$trixie/usr/bin/apt-get" ] || debootstrap --variant=minbase trixie "$trixie" >build/trixie.log 2>&1
    chroot "$trixie" /usr/bin/env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 sh -ec '
        apt-get update
        apt-get install -y --no-install-recommends r-base-dev zlib1g-dev pandoc qpdf tidy \
            r-cran-curl r-cran-jsonlite r-cran-openssl r-cran-xml2 r-cran-bit64 r-cran-cli r-cran-data.table \
            r-cran-haven r-cran-hms r-cran-knitr r-cran-rmarkdown r-cran-testthat r-cran-tibble' >>build/trixie.log 2>&1
    touch "$trixie/.complete"
fi

# Why a copy: the folder sees nothing of the checkout, so that no test finds it.
rm -rf "$trixie/crossframe"
mkdir -p "$trixie/crossframe/tools"
cp -R r-package "$trixie/crossframe/"
cp tools/check_r.sh "$trixie/crossframe/tools/"
mounted=0
trap 'if [ "$mounted" = 1 ]; then umount "$trixie/proc"; fi' EXIT
mountpoint -q "$trixie/proc" || { mount -t proc proc "$trixie/proc" && mounted=1; }
status=0
chroot "$trixie" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin bash /crossframe/tools/check_r.sh || status=$?
mkdir -p build/r45-check
cp -R "$trixie"/crossframe/build/r-check/. "$here/build/r45-check/" 2>/dev/null || true
exit "$status"
