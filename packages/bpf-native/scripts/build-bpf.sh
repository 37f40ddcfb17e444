#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Compiles the eBPF program to .cache/bpf/<arch>/flowtap.bpf.o, which native/bpf-object.S embeds in the addon.
set -euo pipefail
cd "$(dirname "$0")/.."

# shellcheck source=scripts/toolchain.sh
source scripts/toolchain.sh
case $arch in
  x64) target_arch=x86 ;;
  arm64) target_arch=arm64 ;;
esac

output=.cache/bpf/$arch/flowtap.bpf.o
mkdir -p "$(dirname "$output")"
"${CLANG:-clang}" -g -O2 -target bpf -mcpu=v3 "-D__TARGET_ARCH_$target_arch" \
  -Wall -Wextra -Werror -Wno-unused-parameter -Wno-missing-field-initializers \
  "-ffile-prefix-map=$PWD=." -Ibpf "-I.cache/deps/$arch/include" \
  -c bpf/flowtap.bpf.c -o "$output"
# Drops the DWARF sections and keeps BTF, which CO-RE needs.
"${LLVM_STRIP:-llvm-strip}" -g "$output"
