#!/bin/sh
# Makes packages of Docker's own names and version, which hold nothing: the engine is Debian's. So a script that
# installs that version finds it installed, and has nothing to fetch.
set -eu
. /etc/os-release
suffix=1~$ID.$VERSION_ID~$VERSION_CODENAME
folder=$(mktemp --directory)
make_package() {
  mkdir -p "$folder/$1/DEBIAN"
  printf '%s\n' "Package: $1" "Version: $2-$suffix" "Architecture: all" "Maintainer: test double" \
    "Description: test double of Docker's package, empty" > "$folder/$1/DEBIAN/control"
  dpkg-deb --build "$folder/$1" "$folder/$1.deb"
}
make_package docker-ce "5:$1"
make_package docker-ce-cli "5:$1"
make_package containerd.io 2.3.6
make_package docker-buildx-plugin 0.37.1
# Debian's engine, which stands behind them, claims to exclude them.
dpkg --force-conflicts --install "$folder"/*.deb
rm -r "$folder"
