// SPDX-License-Identifier: Apache-2.0
import { closeSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { openFirst } from '../targets/proc.js';
import type { BlindSpot } from './blind-spots.js';

const IO_URING: BlindSpot = {
  code: 'io-uring',
  message: 'an io_uring is open: what the program reads and writes through it passes no system call',
  remedy: 'Switch io_uring off in the program where it can be (UV_USE_IO_URING=0 for Node.js).',
};

const QUIC: BlindSpot = {
  code: 'udp-socket',
  message: 'a UDP socket is open: HTTP/3, if that is what it carries, is not seen',
  remedy: 'Switch HTTP/3 off at one of the ends; HTTP/1.1 then shows up.',
};

const OTHER_PID_NAMESPACE: BlindSpot = {
  code: 'pid-namespace',
  message:
    'the process is in a pid namespace of its own: flows have the process ids of the host, its own logs have others',
  remedy: 'Read both ids of a process in the line NSpid of /proc/<pid>/status.',
};

const COMPAT: BlindSpot = {
  code: '32-bit',
  message: 'this is a 32-bit program: its system calls are not captured',
  remedy: 'Use a 64-bit build of it.',
};

/** ELF header: class in byte 4, 1 is 32 bits (System V ABI, chapter 4). */
const ELF_CLASS_32 = 1;

/** What open descriptors, namespaces and the kind of program hide, whatever the runtime. */
export function kernelBlindSpots(pid: number): BlindSpot[] {
  const spots: BlindSpot[] = [];
  const links = descriptorLinks(pid);
  if (links.includes('anon_inode:[io_uring]')) spots.push(IO_URING);
  const udp = udpInodes(pid);
  if (links.some((link) => udp.has(link))) spots.push(QUIC);
  const ids = /^NSpid:\s*(.*)$/m.exec(readText(`/proc/${pid}/status`))?.[1]?.split(/\s+/) ?? [];
  if (ids.length > 1) spots.push(OTHER_PID_NAMESPACE);
  if (elfClass(`/proc/${pid}/exe`) === ELF_CLASS_32) spots.push(COMPAT);
  return spots;
}

function descriptorLinks(pid: number): string[] {
  const directory = `/proc/${pid}/fd`;
  try {
    return readdirSync(directory).map((fd) => {
      try {
        return readlinkSync(`${directory}/${fd}`);
      } catch {
        return ''; // closed meanwhile
      }
    });
  } catch {
    return [];
  }
}

/** Links of the UDP sockets in the process's network namespace; the inode is the tenth column (proc_net(5)). */
function udpInodes(pid: number): Set<string> {
  const inodes = new Set<string>();
  for (const table of ['udp', 'udp6']) {
    for (const line of readText(`/proc/${pid}/net/${table}`).split('\n').slice(1)) {
      const inode = line.trim().split(/\s+/)[9];
      if (inode !== undefined) inodes.add(`socket:[${inode}]`);
    }
  }
  return inodes;
}

function elfClass(path: string): number | undefined {
  const fd = openFirst([path]);
  if (fd === undefined) return undefined;
  try {
    const header = Buffer.alloc(5);
    readSync(fd, header, 0, header.length, 0);
    return header[4];
  } finally {
    closeSync(fd);
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
