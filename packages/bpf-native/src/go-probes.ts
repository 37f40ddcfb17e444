// SPDX-License-Identifier: Apache-2.0
import { ElfImage } from './elf-image.js';
import { goRelease, goVersion } from './go-build-info.js';
import type { GoAbi, GoPlacement } from './go-code.js';
import { placeGoProbesArm64 } from './go-code-arm64.js';
import { placeGoProbesX64 } from './go-code-x64.js';
import { findGoFunctions, type GoFunction, hasRegisterAbi } from './go-pclntab.js';
import { GoFlag, GoFunctionCode } from './record-layout.js';
import type { TlsProbes } from './tls-probes.js';

/** Probes for crypto/tls in one Go program. */
export interface GoPlan {
  /** Such as "go1.19.8"; undefined where the program does not tell. */
  readonly version: string | undefined;
  /** The stack check's jump, which is cheap, or the first byte of the functions. */
  readonly place: GoPlacement['entryPlace'];
  readonly probes: readonly TlsProbes[];
}

/** e_machine of the ELF header. */
const MACHINE = { x64: 62, arm64: 183 } as const;
const READ = 'crypto/tls.(*Conn).Read';
const WRITE = 'crypto/tls.(*Conn).Write';
const CLOSE = 'crypto/tls.(*Conn).Close';
const FUNCTIONS: ReadonlyMap<string, number> = new Map([
  [READ, GoFunctionCode.read],
  [WRITE, GoFunctionCode.write],
  [CLOSE, GoFunctionCode.close],
]);
/** The first release whose functions take arguments in registers (go.dev/s/regabi). */
const FIRST_REGISTER_RELEASE = { x64: 17, arm64: 18 } as const;
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

function makePlan(image: ElfImage): GoPlan | undefined {
  const found = findGoFunctions(image, new Set(FUNCTIONS.keys()));
  const read = found?.functions.get(READ);
  const write = found?.functions.get(WRITE);
  if (!found || !read || !write) return undefined;
  const version = goVersion(image);
  const place = (goFunction: GoFunction) => placeProbes(image, goFunction, version, found.magic);
  const entries: Probe[] = [];
  const returns: Probe[] = [];
  let entryPlace: GoPlacement['entryPlace'] = 'stack-check';
  for (const [name, code] of FUNCTIONS) {
    const goFunction = found.functions.get(name);
    const placement = goFunction && place(goFunction);
    if (!goFunction || !placement) {
      if (name === CLOSE) continue; // tidies up earlier, no more
      return undefined;
    }
    const cookie = toCookie(code, placement);
    entries.push({ offset: goFunction.offset + placement.entry, cookie });
    if (placement.entryPlace === 'first-byte') entryPlace = 'first-byte';
    if (name !== CLOSE) returns.push(...placement.returns.map((at) => ({ offset: goFunction.offset + at, cookie })));
  }
  return {
    version,
    place: entryPlace,
    // The returns come first, as for other libraries: a call under way is then recovered or passed over.
    probes: [
      { program: 'go_tls_return', atReturn: false, ...columns(returns) },
      { program: 'go_tls_entry', atReturn: false, ...columns(entries) },
    ],
  };
}

function placeProbes(
  image: ElfImage,
  { offset, bytes }: GoFunction,
  version: string | undefined,
  magic: number,
): GoPlacement | undefined {
  const code = bytes <= MAX_FUNCTION_BYTES ? image.readFile(offset, bytes) : undefined;
  if (!code) return undefined;
  if (image.machine === MACHINE.x64) return placeGoProbesX64(code);
  if (image.machine === MACHINE.arm64) return placeGoProbesArm64(code, abiOf(version, magic, 'arm64'));
  return undefined;
}

/** The calling convention by the release, or by the table's version where the release is not told. */
function abiOf(
  version: string | undefined,
  magic: number,
  arch: keyof typeof FIRST_REGISTER_RELEASE,
): GoAbi | undefined {
  const release = version === undefined ? undefined : goRelease(version);
  const usesRegisters = release ? release[0] > 1 || release[1] >= FIRST_REGISTER_RELEASE[arch] : hasRegisterAbi(magic);
  if (usesRegisters === undefined) return undefined;
  return usesRegisters ? 'registers' : 'stack';
}

/** Attach cookie (bpf/event.h): the function, flags, and above them the goroutine's slot in words. */
function toCookie(code: number, { abi, goroutineSlot, keepsArguments }: GoPlacement): number {
  const flags = (abi === 'stack' ? GoFlag.stackAbi : 0) | (keepsArguments ? GoFlag.keepsArguments : 0);
  return code | flags | ((goroutineSlot / 8) << 16);
}

function columns(probes: readonly Probe[]): Pick<TlsProbes, 'offsets' | 'cookies'> {
  return { offsets: probes.map(({ offset }) => offset), cookies: probes.map(({ cookie }) => cookie) };
}
