// SPDX-License-Identifier: Apache-2.0
import type { ProgramFacts } from './program-facts.js';
import type { ProcessRuntime } from './runtime.js';

/** Something of a process that a capture cannot see, and why. */
export interface BlindSpot {
  /** Stable, kebab-case. */
  readonly code: string;
  /** One sentence without its full stop. */
  readonly message: string;
  /** What can be done: one sentence. */
  readonly remedy: string;
}

const JSSE: BlindSpot = {
  code: 'jsse',
  message:
    "Java's own TLS (JSSE) encrypts in code that the virtual machine compiles, so there is no library function to probe",
  remedy: 'Capture the other end, or a TLS-terminating proxy in front of it.',
};

/** TLS libraries that are told by the name of a mapped file. */
const BY_FILE_NAME: readonly (readonly [file: RegExp, spot: BlindSpot])[] = [
  [/\/libjvm\.so$/, JSSE],
  [
    /\/cygrpc\.[^/]*\.so$/,
    unreadable('boringssl-stripped', "gRPC's Python module contains BoringSSL without its symbols"),
  ],
  [/\/libssl3\.so$/, unreadable('nss', 'the process has loaded NSS, whose functions no probe knows')],
  [/\/libmbedtls\.so/, unreadable('mbedtls', 'the process has loaded Mbed TLS, whose functions no probe knows')],
  [/\/libwolfssl\.so/, unreadable('wolfssl', 'the process has loaded wolfSSL, whose functions no probe knows')],
  [/\/libs2n\.so/, unreadable('s2n', 'the process has loaded s2n-tls, whose functions no probe knows')],
];

function unreadable(code: string, message: string): BlindSpot {
  return { code, message, remedy: 'Capture the other end, or run the program with OpenSSL or GnuTLS where it can.' };
}

/** Libraries in the memory map whose TLS cannot be read. */
export function blindLibraries(mapped: readonly string[]): BlindSpot[] {
  return BY_FILE_NAME.filter(([file]) => mapped.some((path) => file.test(path))).map(([, spot]) => spot);
}

/** Why TLS of a program without any library that can be read would stay unreadable. */
export function blindProgram(runtime: ProcessRuntime, facts: ProgramFacts): BlindSpot {
  if (facts.go !== undefined) {
    return {
      code: 'go-tls-not-found',
      message: "this is a Go program in which the functions of Go's crypto/tls were not found",
      remedy: 'Build it with a Go release that is supported and without a code obfuscator.',
    };
  }
  if (facts.rustls !== undefined) {
    return unreadable(
      'rustls',
      `the program contains rustls ${facts.rustls}, whose functions the compiler inlines under names of its own`,
    );
  }
  if (facts.boringssl !== undefined) {
    return unreadable('boringssl-stripped', 'the program contains BoringSSL without its symbols');
  }
  if (facts.openssl !== undefined) {
    return {
      code: 'openssl-stripped',
      message: `the program contains OpenSSL${facts.openssl && ` ${facts.openssl}`} without its symbols`,
      remedy: 'Use a build of it that was not stripped, or one that loads libssl as a library.',
    };
  }
  return unreadable('no-tls-library-known', `no TLS library that can be read is in this process (${runtime.name})`);
}
