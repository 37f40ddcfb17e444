# SPDX-License-Identifier: Apache-2.0
# Sourced by the build scripts: a compiler for $FLOWTAP_ARCH (x64 or arm64; default: this machine's) and glibc 2.31, on whatever
# Debian it runs. The C library, its headers and the C++ runtime are those of Debian 11, unpacked into .cache/sysroot/<arch>.
# Sets arch, sysroot, CC, CXX, AR, RANLIB and triple. The current directory is the package's.

arch=${FLOWTAP_ARCH:-$(node -p process.arch)}
sysroot=$PWD/.cache/sysroot/$arch

case $arch in
  x64)
    triple=x86_64-linux-gnu
    debs="
      libc6_2.31-13+deb11u11_amd64.deb 05f7264da867b37f4c5ce49266b558ea1e81e05a9464f623152fca70f3550282 g/glibc
      libc6-dev_2.31-13+deb11u11_amd64.deb e7f7b45d9c5cfcf37609f0b6efd3c645272c812144703af89dfd32218fcb0fd3 g/glibc
      linux-libc-dev_5.10.223-1_amd64.deb e3be603bd12377bb90fcfb0f2048ca3a81c886e49d6f09945b82159d1c54f7b2 l/linux
      libgcc-s1_10.2.1-6_amd64.deb e478f2709d8474165bb664de42e16950c391f30eaa55bc9b3573281d83a29daf g/gcc-10
      libgcc-10-dev_10.2.1-6_amd64.deb 3b711374092b84e732c4e73cf33e02cff02e34a5f105eb6467de8d9038e4cd9d g/gcc-10
      libstdc++-10-dev_10.2.1-6_amd64.deb 20b1f56863dcc5f187d6cb53b2aa6149bd013be4ec67e10c2c31a22fda619a01 g/gcc-10"
    ;;
  arm64)
    triple=aarch64-linux-gnu
    debs="
      libc6_2.31-13+deb11u11_arm64.deb baaa9aa184e2f21738c5819055e6740cc5b22f198e3f416e33f82b40ff6933d8 g/glibc
      libc6-dev_2.31-13+deb11u11_arm64.deb 28d478134722dcd4b0bd2045a199301d18713bf95947b9fce66634e7aeacab2e g/glibc
      linux-libc-dev_5.10.223-1_arm64.deb 8b6374a64412d33eac61d74f77b8f932da4b8a707ea8a614791e2a35b8917618 l/linux
      libgcc-s1_10.2.1-6_arm64.deb e2fcdb378d3c1ad1bcb64d4fb6b37aab44011152beca12a4944f435a2582df1f g/gcc-10
      libgcc-10-dev_10.2.1-6_arm64.deb 80fc73d339ada2e194175afe83cd89014565242153b6e3c2128849d8817da367 g/gcc-10
      libstdc++-10-dev_10.2.1-6_arm64.deb cee7ca63613b50a8a51cc670db385c7e6d1181b72c94148fc8b7992e4570782d g/gcc-10"
    ;;
  *)
    echo "There is no build for $arch; x64 and arm64 are known." >&2
    exit 1
    ;;
esac

unpack_sysroot() {
  local new=$sysroot.new name hash pool deb link
  rm -rf "$new"
  mkdir -p "$new"
  while read -r name hash pool; do
    [[ -n $name ]] || continue
    deb=$(scripts/fetch-source.sh "$name" "$hash" "$pool")
    dpkg-deb --extract "$deb" "$new"
  done <<<"$debs"
  # An absolute link would lead out of the directory.
  find "$new" -type l -lname '/*' | while read -r link; do
    ln -srf "$new$(readlink "$link")" "$link"
  done
  echo "$debs" >"$new/made-from"
  rm -rf "$sysroot"
  mv "$new" "$sysroot"
}

if [[ ! -f $sysroot/made-from || $(cat "$sysroot/made-from") != "$debs" ]]; then
  echo "bpf-native: fetching the C library of Debian 11 for $arch"
  unpack_sysroot
fi

export CC="clang --target=$triple --sysroot=$sysroot"
export CXX="clang++ --target=$triple --sysroot=$sysroot"
export AR=llvm-ar RANLIB=llvm-ranlib
