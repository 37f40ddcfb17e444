// SPDX-License-Identifier: Apache-2.0

/** What a server is told of a container. The containers of `@flowtap/docker-tracker` fit. */
export interface ReportedContainer {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  /** Such as `running`. */
  readonly status: string;
  readonly addresses: readonly string[];
}

/** Lets a server choose what is captured. */
export interface ContainerControl {
  /** Containers that run now; asked once a second. */
  readonly containers: () => readonly ReportedContainer[];
  /** The server wants these containers captured, and no others: whole ids or their beginnings. */
  readonly select: (ids: readonly string[]) => void;
}
