#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds libbpf, libelf and zlib as position-independent static libraries into .cache/deps/<arch>/{lib,include}.
# Debian's own archives cannot be linked into a shared object, hence its sources, pinned by hash.
# Does nothing when the result is there. No root needed. To relink the addon with a changed library: unpack and change
# the source below .cache/deps/<arch>/src, set FLOWTAP_KEEP_SOURCES=1 and run this script with --force.
set -euo pipefail
cd "$(dirname "$0")/.."

# shellcheck source=scripts/toolchain.sh
source scripts/toolchain.sh
prefix=$PWD/.cache/deps/$arch
source_dir=$prefix/src
stamp=$prefix/built-by
script_hash=$(cat scripts/build-deps.sh scripts/toolchain.sh scripts/fetch-source.sh | sha256sum | cut -d' ' -f1)

if [[ ${1:-} != --force && -f $stamp && $(cat "$stamp") == "$script_hash" ]]; then
  exit 0
fi

unpack() { # name of the tarball, sha256, path in Debian's pool, directory name of its content
  if [[ -n ${FLOWTAP_KEEP_SOURCES:-} && -d $source_dir/$4 ]]; then
    return
  fi
  local tarball
  tarball=$(scripts/fetch-source.sh "$1" "$2" "$3")
  rm -rf "${source_dir:?}/$4"
  mkdir -p "$source_dir/$4"
  tar -xf "$tarball" -C "$source_dir/$4" --strip-components=1
}

quietly() { # function: its output is shown only when it fails
  local log=$prefix/$1.log
  # In the background, because bash ignores `set -e` in a function that is called as a condition.
  "$1" >"$log" 2>&1 &
  if ! wait $!; then
    tail -n 40 "$log" >&2
    echo "build-deps: $1 failed; the whole log is $log" >&2
    exit 1
  fi
}

echo "bpf-native: building zlib, libelf and libbpf for $arch"
[[ -n ${FLOWTAP_KEEP_SOURCES:-} ]] || rm -rf "$prefix"
mkdir -p "$prefix/lib" "$prefix/include" "$source_dir"
rm -f "$stamp"

unpack zlib_1.2.13.dfsg.orig.tar.bz2 71feb7947e3c00ef125f83b79a4e529bde31171e5babe48b391f06758d1ab0a1 z/zlib zlib
unpack elfutils_0.188.orig.tar.bz2 fb8b0e8d0802005b9a309c60c1d8de32dd2951b56f0c3a3cb56d21ce01595dff e/elfutils elfutils
unpack libbpf_1.1.2.orig.tar.gz b50ab60637fb713db78aa98e6ca911ddf13c0799d498a1f6ec03ebffc7dca588 libb/libbpf libbpf

# The prefix map keeps the build path out of the objects; hidden symbols stay out of the addon's dynamic table.
flags="-O2 -g0 -fPIC -fvisibility=hidden -ffile-prefix-map=$source_dir=."
jobs=$(nproc)

build_zlib() {
  cd "$source_dir/zlib"
  CHOST=$triple CFLAGS="$flags" ./configure --static --prefix="$prefix"
  make -j"$jobs" libz.a
  cp libz.a "$prefix/lib/"
  cp zlib.h zconf.h "$prefix/include/"
}

build_libelf() {
  cd "$source_dir/elfutils"
  # Only libelf's own code is built; the compressions besides zlib concern debug sections that nothing here reads.
  ./configure --host="$triple" --disable-nls --disable-debuginfod --disable-libdebuginfod \
    --without-zstd --without-bzlib --without-lzma \
    CFLAGS="$flags" CPPFLAGS="-I$prefix/include" LDFLAGS="-fuse-ld=lld -L$prefix/lib"
  make -j"$jobs" -C lib libeu.a
  make -j"$jobs" -C libelf libelf_pic.a
  cp libelf/libelf_pic.a "$prefix/lib/libelf.a"
  cp lib/libeu.a "$prefix/lib/"
  cp libelf/libelf.h libelf/gelf.h "$prefix/include/"
}

build_libbpf() {
  make -j"$jobs" -C "$source_dir/libbpf/src" BUILD_STATIC_ONLY=1 NO_PKG_CONFIG=1 CC="$CC" AR="$AR" \
    EXTRA_CFLAGS="-I$prefix/include" CFLAGS="$flags" \
    PREFIX= LIBDIR=/lib INCLUDEDIR=/include UAPIDIR=/include DESTDIR="$prefix" \
    install install_uapi_headers
  rm -rf "$prefix/lib/pkgconfig"
}

quietly build_zlib
quietly build_libelf
quietly build_libbpf

echo "$script_hash" >"$stamp"
