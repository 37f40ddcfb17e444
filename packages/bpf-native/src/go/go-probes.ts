// SPDX-License-Identifier: Apache-2.0
import { ElfImage } from '../elf/elf-image.js';
import { GoFlag, GoPlace } from '../records/record-layout.js';
import type { TlsProbes } from '../tls/tls-probes.js';
import { goRelease, goVersion } from './go-build-info.js';
import type { GoAbi, GoCode } from './go-code.js';
import { readGoCodeArm64 } from './go-code-arm64.js';
import { readGoCodeX64 } from './go-code-x64.js';
import { findGoFunctions, type GoFunction, hasRegisterAbi } from './go-pclntab.js';

/**
 * Where plaintext is observed in a Go program: at the calls inside Read and Write that it passes, or at entry and return
 * of these where one of the calls is not there.
 */
export type GoProbePlace = 'inner-calls' | 'entry-and-return';

/** Probes for crypto/tls in one Go program. */
export interface GoPlan {
  /** Such as "go1.19.8"; undefined where the program does not tell. */
  readonly version: string | undefined;
  readonly place: GoProbePlace;
  readonly probes: readonly TlsProbes[];
}

/** e_machine of the ELF header. */
const MACHINE = { x64: 62, arm64: 183 } as const;
const READ = 'crypto/tls.(*Conn).Read';
const WRITE = 'crypto/tls.(*Conn).Write';
const CLOSE = 'crypto/tls.(*Conn).Close';
/** Read copies all that it returns by it. */
const COPY = 'runtime.memmove';
/** Write hands all that it sends to it. */
const SEND = 'crypto/tls.(*Conn).writeRecordLocked';
const FUNCTIONS = new Set([READ, WRITE, CLOSE, COPY, SEND]);
/** Of Go 1: functions take arguments in registers on arm64 (go.dev/doc/go1.18). */
const FIRST_REGISTER_RELEASE = 18;
const MAX_COOKIE_NUMBER = 255;
const MAX_FUNCTION_BYTES = 64 * 1024;
/** nt_go_build_id: cmd/internal/buildid. */
const BUILD_ID_NOTE = 4;
const MAX_KNOWN_PLANS = 256;

/** By build id and layout, so that the same program in another file is not taken apart again. The oldest goes first. */
const knownPlans = new Map<string, GoPlan | undefined>();

/** The probes for a Go program that uses crypto/tls; undefined for all other files. Does not throw. */
export function planGoProbes(fd: number): GoPlan | undefined {
  const image = ElfImage.open(fd);
  if (!image) return undefined;
  const buildId = image.note('Go', BUILD_ID_NOTE)?.toString('latin1');
  if (!buildId) return makePlan(image);
  const key = `${buildId} ${image.fileBytes} ${image.layout}`;
  if (!knownPlans.has(key)) {
    knownPlans.set(key, makePlan(image));
    const [oldest] = knownPlans.keys();
    if (knownPlans.size > MAX_KNOWN_PLANS && oldest !== undefined) knownPlans.delete(oldest);
  }
  return knownPlans.get(key);
}

interface Probe {
  readonly offset: number;
  readonly cookie: number;
}

/** At places, and at return instructions. */
interface Probes {
  readonly place: GoProbePlace;
  readonly places: readonly Probe[];
  readonly returns: readonly Probe[];
}

function makePlan(image: ElfImage): GoPlan | undefined {
  const found = findGoFunctions(image, FUNCTIONS);
  if (!found?.functions.has(READ) || !found.functions.has(WRITE)) return undefined;
  const { functions, magic } = found;
  const version = goVersion(image);
  const codeOf = (name: string) => readCode(image, functions.get(name), version, magic);
  const read = codeOf(READ);
  const write = codeOf(WRITE);
  const close = codeOf(CLOSE);
  const copy = functions.get(COPY)?.offset;
  const send = functions.get(SEND)?.offset;
  const ofRead = read && (probesOnCopy(read, copy) ?? probesOnCalls(read, GoPlace.read));
  const ofWrite = write && (probesOnSend(write, send, image.machine) ?? probesOnCalls(write, GoPlace.write));
  if (!ofRead || !ofWrite) return undefined;
  const ofClose = close ? [{ offset: close.entry, cookie: toCookie(GoPlace.close, close.abi, 0) }] : [];
  const returns = [...ofRead.returns, ...ofWrite.returns];
  return {
    version,
    place: [ofRead, ofWrite].every(({ place }) => place === 'inner-calls') ? 'inner-calls' : 'entry-and-return',
    probes: [
      // The returns come first, as for other libraries: a call that is under way is passed over.
      ...(returns.length > 0 ? [{ program: 'go_tls_return', ...columns(returns) } as const] : []),
      { program: 'go_tls_place', ...columns([...ofRead.places, ...ofWrite.places, ...ofClose]) },
    ],
  };
}

/** Exactly one call copies plaintext, and the tls.Conn is found in the frame there. */
function probesOnCopy({ abi, calls, frameBytes }: GoCode, copy: number | undefined): Probes | undefined {
  const [call, ...others] = calls.filter(({ target }) => target === copy);
  if (!call || others.length > 0 || frameBytes === undefined || frameBytes / 8 > MAX_COOKIE_NUMBER) return undefined;
  const cookie = toCookie(GoPlace.copy, abi, frameBytes / 8);
  return { place: 'inner-calls', places: [{ offset: call.at, cookie }], returns: [] };
}

/** Each of them sends application data: all of it, or for TLS 1.0 its first byte and the rest. */
function probesOnSend({ abi, calls }: GoCode, send: number | undefined, machine: number): Probes | undefined {
  const sends = calls.filter(({ target }) => target === send);
  // On arm64 the stack ABI has its arguments elsewhere. That was Go 1.17 and before.
  if (sends.length === 0 || (machine === MACHINE.arm64 && abi === 'stack')) return undefined;
  const cookie = toCookie(GoPlace.send, abi, 0);
  return { place: 'inner-calls', places: sends.map(({ at }) => ({ offset: at, cookie })), returns: [] };
}

function probesOnCalls({ abi, entry, returns, goroutineSlot }: GoCode, place: number): Probes | undefined {
  if (returns.length === 0 || goroutineSlot / 8 > MAX_COOKIE_NUMBER) return undefined;
  const cookie = toCookie(place, abi, goroutineSlot / 8);
  return {
    place: 'entry-and-return',
    places: [{ offset: entry, cookie }],
    returns: returns.map((offset) => ({ offset, cookie })),
  };
}

function readCode(
  image: ElfImage,
  goFunction: GoFunction | undefined,
  version: string | undefined,
  magic: number,
): GoCode | undefined {
  if (!goFunction || goFunction.bytes > MAX_FUNCTION_BYTES) return undefined;
  const { offset, bytes } = goFunction;
  const code = image.readFile(offset, bytes);
  if (!code) return undefined;
  if (image.machine === MACHINE.x64) return readGoCodeX64(code, offset);
  if (image.machine === MACHINE.arm64) return readGoCodeArm64(code, offset, abiOnArm64(version, magic));
  return undefined;
}

/** The calling convention by the release, or by the table's version where the release is not told. */
function abiOnArm64(version: string | undefined, magic: number): GoAbi | undefined {
  const release = version === undefined ? undefined : goRelease(version);
  const usesRegisters = release ? release[0] > 1 || release[1] >= FIRST_REGISTER_RELEASE : hasRegisterAbi(magic);
  if (usesRegisters === undefined) return undefined;
  return usesRegisters ? 'registers' : 'stack';
}

/** Attach cookie (bpf/event.h). */
function toCookie(place: number, abi: GoAbi, number: number): number {
  return place | (abi === 'stack' ? GoFlag.stackAbi : 0) | (number << 16);
}

function columns(probes: readonly Probe[]): Pick<TlsProbes, 'offsets' | 'cookies'> {
  return { offsets: probes.map(({ offset }) => offset), cookies: probes.map(({ cookie }) => cookie) };
}
