// SPDX-License-Identifier: Apache-2.0
import { fstatSync, statfsSync } from 'node:fs';

/** OVERLAYFS_SUPER_MAGIC (include/uapi/linux/magic.h) */
const OVERLAY_FILE_SYSTEM = 0x794c7630;

/**
 * Equal for names of one inode that has code in it, which is what a probe belongs to. A file of an overlay is one of a
 * layer below, and its probe belongs to that one: every container of an image shows the same inode number, size and times
 * as the layer, each on a device of its own.
 *
 * @param isLayer the file was opened in a layer itself
 */
export function fileIdentity(fd: number, isLayer: boolean): { readonly key: string; readonly inode: string } {
  const { dev, ino, size, mtimeNs, ctimeNs } = fstatSync(fd, { bigint: true });
  const isLayered = isLayer || statfsSync(`/proc/self/fd/${fd}`).type === OVERLAY_FILE_SYSTEM;
  return { key: `${isLayered ? `layer:${ctimeNs}` : dev}:${ino}:${size}:${mtimeNs}`, inode: String(ino) };
}
