// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { copyFile, realpath } from 'node:fs/promises';
import { expect, it, onTestFinished } from 'vitest';
import { describeCapture } from './support/needs.js';
import { Recorder } from './support/recorder.js';
import { until } from './support/until.js';
import { useWorkshop } from './support/workshop.js';

const workshop = useWorkshop('recorder.ts', 'tls.c');
const SYSTEM_LIBRARY = '/lib/x86_64-linux-gnu/libssl.so.3';

/** libssl as a file that no linker cache knows. */
async function privateLibrary(name = 'private'): Promise<string> {
  const path = workshop.path(`${name}-libssl.so.3`);
  await copyFile(await realpath(SYSTEM_LIBRARY), path);
  return path;
}

/** Python with the private library: it forks on "f", becomes another program on "e", ends on "q". */
const SCRIPT = `
import ctypes, os, sys, time
if sys.argv[1]: ctypes.CDLL(sys.argv[1])
print(os.getpid(), flush=True)
while line := sys.stdin.readline():
    if line == "f\\n":
        if os.fork() == 0:
            print(os.getpid(), flush=True)
            os.read(3, 1)
            os._exit(0)
    elif line in ("s\\n", "w\\n"):
        if os.fork() == 0:
            ctypes.CDLL(sys.argv[2])
            time.sleep(0.05 if line == "w\\n" else 0)
            os._exit(0)
        os.wait()
        print("waited", flush=True)
    elif line == "e\\n":
        os.execv("/bin/cat", ["cat"])
    elif line == "l\\n":
        ctypes.CDLL(sys.argv[2])
    else:
        os._exit(0)
`;

interface Mapper {
  readonly pid: number;
  say(line: string): void;
  /** Lets the forked child end. */
  endChild(): void;
  ended: Promise<unknown>;
  nextLine(): Promise<string>;
}

async function startMapper(...args: readonly string[]): Promise<Mapper> {
  const child: ChildProcess = spawn('/usr/bin/python3', ['-c', SCRIPT, ...args], {
    stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
  });
  const ended = once(child, 'exit');
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let output = '';
  let read = 0;
  child.stdout?.on('data', (text: Buffer) => {
    output += text.toString();
  });
  const nextLine = async () => {
    const line = await until('the program prints a line', () => {
      const lines = output.split('\n');
      return lines.length - 1 > read && lines[read];
    });
    read += 1;
    return line;
  };
  await nextLine();
  const control = child.stdio[3] as import('node:stream').Writable;
  return {
    pid: child.pid ?? 0,
    say: (line) => void child.stdin?.write(`${line}\n`),
    endChild: () => void control.end('x'),
    ended,
    nextLine,
  };
}

/** Links that the recorder holds in the kernel: of uprobes by themselves, or of the perf events that carry them. */
function linkCount(recorder: Recorder): number {
  const directory = `/proc/${recorder.pid}/fd`;
  return readdirSync(directory).filter((fd) => {
    try {
      return /bpf_link|bpf-link|perf_event/.test(readlinkSync(`${directory}/${fd}`));
    } catch {
      return false;
    }
  }).length;
}

async function untilProbed(recorder: Recorder, path: string, isProbed: boolean): Promise<void> {
  for (const end = performance.now() + 20_000; ; ) {
    if ((await recorder.libraries()).includes(path) === isProbed) return;
    if (performance.now() > end) throw new Error(`${path} is ${isProbed ? 'not probed' : 'still probed'}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Another file gets a user that ends: when that file is let go, every other one has been looked at since. */
async function untilSwept(recorder: Recorder): Promise<void> {
  const other = await privateLibrary('other');
  const witness = await startMapper(other);
  await recorder.add({ pid: witness.pid });
  await untilProbed(recorder, other, true);
  witness.say('q');
  await untilProbed(recorder, other, false);
}

describeCapture('probes of a TLS library', () => {
  it('are taken off when its target is removed, and put on again for the next one', async () => {
    const recorder = await Recorder.start(workshop);
    const before = linkCount(recorder);
    const library = await privateLibrary();
    const mapper = await startMapper(library);
    for (let round = 0; round < 2; round++) {
      const { handle } = await recorder.add({ pid: mapper.pid });
      await untilProbed(recorder, library, true);
      expect(linkCount(recorder)).toBeGreaterThan(before);
      await recorder.remove(handle);
      await untilProbed(recorder, library, false);
      expect(await recorder.libraries()).toEqual([]);
      await until('the links are gone', () => linkCount(recorder) === before);
    }
  });

  it('stay while a child has what its parent has mapped, and go with it', async () => {
    const recorder = await Recorder.start(workshop);
    const library = await privateLibrary();
    const mapper = await startMapper(library);
    await recorder.add({ pid: mapper.pid });
    mapper.say('f');
    await mapper.nextLine();
    mapper.say('q');
    await mapper.ended;
    await untilSwept(recorder);
    expect(await recorder.libraries()).toContain(library);
    mapper.endChild();
    await untilProbed(recorder, library, false);
  });

  it('stay for the next command of a process whose last command used the library', async () => {
    const recorder = await Recorder.start(workshop);
    const library = await privateLibrary();
    const starter = await startMapper('', library);
    await recorder.add({ pid: starter.pid });
    // The first one may be gone before anybody can look at it: the kernel tells of its library again.
    for (let command = 's'; !(await recorder.libraries()).includes(library); command = 'w') {
      starter.say(command);
      await starter.nextLine();
    }
    await untilSwept(recorder);
    expect(await recorder.libraries()).toContain(library);
    starter.say('q');
    await untilProbed(recorder, library, false);
  });

  it('go when the only process of a target becomes another program', async () => {
    const recorder = await Recorder.start(workshop);
    const library = await privateLibrary();
    const mapper = await startMapper(library);
    await recorder.add({ pid: mapper.pid });
    await untilProbed(recorder, library, true);
    mapper.say('e');
    await untilProbed(recorder, library, false);
    // What its children may use stays.
    expect((await recorder.libraries()).some((path) => path.includes('libssl'))).toBe(true);
  });

  it('come back for a process that maps a file which was let go before', async () => {
    const recorder = await Recorder.start(workshop);
    const library = await privateLibrary();
    const first = await startMapper(library);
    const second = await startMapper('', library);
    await recorder.add({ pid: first.pid });
    await untilProbed(recorder, library, true);
    first.say('q');
    await untilProbed(recorder, library, false);
    await recorder.add({ pid: second.pid });
    second.say('l');
    await untilProbed(recorder, library, true);
  });
});
