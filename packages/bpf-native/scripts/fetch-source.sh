#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fetch-source.sh <tarball> <sha256> <pool directory>: prints the path of a verified source tarball of Debian.
# apt-helper uses apt's own proxy and transport settings, needs no root and leaves the system's configuration alone.
set -euo pipefail
cd "$(dirname "$0")/.."

name=$1 expected=$2 pool=$3
target=$PWD/.cache/sources/$name
mkdir -p .cache/sources

hash_of() { sha256sum "$1" | cut -d' ' -f1; }

if [[ -f $target ]]; then
  if [[ $(hash_of "$target") == "$expected" ]]; then
    echo "$target"
    exit 0
  fi
  echo "fetch-source: $target has not the pinned SHA-256 $expected; delete it or put the right file there." >&2
  exit 1
fi

mirrors() {
  echo "${FLOWTAP_DEBIAN_MIRROR:-}"
  # The mirror that this machine already uses, where it is a Debian one.
  apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    sed -n 's/^Debian //p' | grep -v security | sort -u || true
  echo http://deb.debian.org/debian
}

helper=/usr/lib/apt/apt-helper
if [[ -x $helper ]]; then
  # Downloaded beside the target's place and renamed, so that an interrupted download never looks like a finished one.
  # APT::Sandbox::User: as root apt would try to write as the user _apt, who cannot enter every home directory.
  for mirror in $(mirrors | awk 'NF && !seen[$0]++'); do
    if "$helper" -o APT::Sandbox::User=root download-file \
      "${mirror%/}/pool/main/$pool/$name" "$target.part" "SHA256:$expected" >&2; then
      mv "$target.part" "$target"
      echo "$target"
      exit 0
    fi
    rm -f "$target.part"
  done
fi

cat >&2 <<MESSAGE
fetch-source: could not get $name with SHA-256 $expected from a Debian mirror.
Either the network is down, the file's hash differs (see the message above), or Debian has moved the release to
https://archive.debian.org or https://snapshot.debian.org: name such a mirror in FLOWTAP_DEBIAN_MIRROR, or put the file
by hand at $target, then run this again.
MESSAGE
exit 1
