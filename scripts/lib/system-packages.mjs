// SPDX-License-Identifier: Apache-2.0
// Debian packages by what needs them. A package counts as installed when its command can be started, wherever it came
// from, or when dpkg knows it (`library: true`: it brings no command in PATH). `service`: what it would start at boot.

export const groups = {
  build: [
    { name: 'make', command: 'make' },
    { name: 'clang', command: 'clang' },
    { name: 'lld', command: 'ld.lld' },
    { name: 'llvm', command: 'llvm-strip' },
    { name: 'python3', command: 'python3' },
    // elfutils: unpacking and configuring.
    { name: 'bzip2', command: 'bzip2' },
    { name: 'm4', command: 'm4' },
  ],
  demo: [
    { name: 'curl', command: 'curl' },
    { name: 'openssl', command: 'openssl' },
    { name: 'python3', command: 'python3' },
  ],
  test: [
    { name: 'build-essential', command: 'cc' },
    { name: 'curl', command: 'curl' },
    { name: 'wget', command: 'wget' },
    { name: 'gnutls-bin', command: 'gnutls-cli' },
    { name: 'libssl-dev', library: true },
    { name: 'openjdk-17-jdk-headless', command: 'javac' },
    { name: 'openssl', command: 'openssl' },
    { name: 'python3', command: 'python3' },
    { name: 'python3-requests', library: true },
    { name: 'python3-aiohttp', library: true },
    { name: 'python3-httpx', library: true },
    { name: 'ruby', command: 'ruby' },
    { name: 'ruby-webrick', library: true },
    { name: 'puma', command: 'puma' },
    { name: 'apache2-bin', command: 'apache2' },
    { name: 'haproxy', command: 'haproxy', service: 'haproxy' },
    { name: 'postgresql', library: true, service: 'postgresql' },
    { name: 'postgresql-client', command: 'psql' },
    { name: 'mariadb-server', command: 'mariadbd', service: 'mariadb' },
    { name: 'mariadb-client', command: 'mariadb' },
    { name: 'nginx-light', command: 'nginx', service: 'nginx' },
    { name: 'redis-server', command: 'redis-server', service: 'redis-server' },
    { name: 'redis-tools', command: 'redis-cli' },
    { name: 'nats-server', command: 'nats-server', service: 'nats-server' },
    { name: 'memcached', command: 'memcached', service: 'memcached' },
    { name: 'python3-h2', library: true },
    { name: 'python3-grpcio', library: true },
    { name: 'python3-protobuf', library: true },
    { name: 'protobuf-compiler', command: 'protoc' },
    // Google's own .proto files.
    { name: 'libprotobuf-dev', library: true },
    { name: 'nghttp2-client', command: 'h2load' },
    { name: 'iproute2', command: 'ss' },
    { name: 'procps', command: 'ps' },
    { name: 'bpftool', command: 'bpftool' },
    { name: 'golang-go', command: 'go' },
    { name: 'chromium', command: 'chromium' },
    { name: 'docker.io', command: 'dockerd', service: 'docker' },
    { name: 'docker.io', command: 'dockerd', service: 'docker.socket' },
    { name: 'containerd', command: 'containerd', service: 'containerd' },
    { name: 'busybox-static', library: true },
  ],
  // Virtual machines, a compiler for the programs in them, and what the same tests need on this machine.
  kernels: [
    { name: 'qemu-system-x86', command: 'qemu-system-x86_64' },
    { name: 'qemu-system-arm', command: 'qemu-system-aarch64' },
    { name: 'golang-go', command: 'go' },
    { name: 'cpio', command: 'cpio' },
    { name: 'curl', command: 'curl' },
    { name: 'openssl', command: 'openssl' },
    { name: 'python3', command: 'python3' },
    { name: 'bpftool', command: 'bpftool' },
  ],
  bench: [
    { name: 'build-essential', command: 'cc' },
    { name: 'nginx-light', command: 'nginx', service: 'nginx' },
    { name: 'openssl', command: 'openssl' },
    { name: 'wrk', command: 'wrk' },
    { name: 'bpftrace', command: 'bpftrace' },
  ],
};

export const groupNames = Object.keys(groups);
