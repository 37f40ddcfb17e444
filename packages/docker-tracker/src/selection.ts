// SPDX-License-Identifier: Apache-2.0
import type { Container } from './container.js';

/** Which containers are meant. Several selections mean those that any of them means. */
export type ContainerSelection =
  | { readonly name: string }
  /** The whole id, or what it begins with. */
  | { readonly id: string }
  /** As in `nginx` (any tag) or `nginx:1.27`. */
  | { readonly image: string }
  /** `value` absent: whatever it is. */
  | { readonly label: string; readonly value?: string }
  | { readonly composeProject: string }
  /** Every container but the one that this process runs in. */
  | { readonly all: true };

/** @param ownId of the container that this process runs in. */
export function isSelected(
  container: Container,
  selections: readonly ContainerSelection[],
  ownId: string | undefined,
): boolean {
  return selections.some((selection) => {
    if ('name' in selection) return container.name === selection.name.replace(/^\//, '');
    if ('id' in selection) return selection.id !== '' && container.id.startsWith(selection.id.toLowerCase());
    if ('image' in selection) return isImage(container.image, selection.image);
    if ('label' in selection) return hasLabel(container, selection);
    if ('composeProject' in selection) return container.composeProject === selection.composeProject;
    return container.id !== ownId;
  });
}

function hasLabel(
  { labels }: Container,
  { label, value }: { readonly label: string; readonly value?: string },
): boolean {
  if (!Object.hasOwn(labels, label)) return false;
  return value === undefined || labels[label] === value;
}

/** Without tag or digest any is meant; without registry, the default one. */
function isImage(image: string, wanted: string): boolean {
  const [given, asked] = [shortName(image), shortName(wanted)];
  return given === asked || withoutTag(given) === asked;
}

function shortName(image: string): string {
  return image.replace(/^(?:docker\.io\/)?(?:library\/)?/, '');
}

/** A colon after the last slash begins a tag; one before it, a port (OCI distribution specification, "Pulling manifests"). */
function withoutTag(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
}
