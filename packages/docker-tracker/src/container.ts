// SPDX-License-Identifier: Apache-2.0

export type ContainerStatus = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

/** A container as the engine describes it now. Never changed: an update is another object. */
export interface Container {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** Without the slash that the engine's API puts in front. */
  readonly name: string;
  /** As it was given when the container was made, such as `nginx:1.27`. */
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly status: ContainerStatus;
  /** Its first process, in the engine's pid namespace. Absent while it does not run. */
  readonly pid?: number;
  /** IPv4 and IPv6 addresses of its own, on all of its networks. Empty with the network of the host or none. */
  readonly addresses: readonly string[];
  /** Of the label `com.docker.compose.project`, or Podman's. */
  readonly composeProject?: string;
  /** Of the label `com.docker.compose.service`, or Podman's. */
  readonly composeService?: string;
}

/** Whether it has processes: running, or paused. */
export function isLive({ status }: Container): boolean {
  return status === 'running' || status === 'paused' || status === 'restarting';
}
