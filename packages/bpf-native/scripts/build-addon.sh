#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Compiles the addon to prebuilds/linux-<arch>. The static libraries and the eBPF object must be there.
set -euo pipefail
cd "$(dirname "$0")/.."

# shellcheck source=scripts/toolchain.sh
source scripts/toolchain.sh

resolve() { node -p "require.resolve('$1')"; }

rm -rf build "prebuilds/linux-$arch"
# node-gyp compiles against scripts/node-api, not against the headers of one Node version.
npm_config_nodedir=$PWD/scripts/node-api npm_config_jobs=max npm_config_loglevel=warn \
  PREBUILD_NODE_GYP=$(dirname "$(resolve node-gyp/package.json)")/bin/node-gyp.js \
  node "$(resolve prebuildify/bin.js)" --napi --strip --strip-bin "${LLVM_STRIP:-llvm-strip}" --tag-libc --libc glibc \
  --platform linux --arch "$arch" -t "$(node -p process.versions.node)"
