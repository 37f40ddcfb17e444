// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { URL } from 'node:url';
import Docker from 'dockerode';
import type { Container } from './container.js';
import { describeContainer } from './describe-container.js';
import { type Engine, negotiateApiVersion } from './engine.js';
import { type EnginePlace, enginePlaces } from './engine-places.js';
import { DockerError } from './errors.js';

const REQUEST_TIMEOUT_MS = 10_000;

/** What the engine tells of an image. */
export interface ImageDetails {
  /** Directories of its layers, the uppermost first. Empty where the engine's storage driver has none. */
  readonly layers: readonly string[];
  /** `PATH=…` and so on. */
  readonly environment: readonly string[];
}

/** The only place that speaks the engine's API (https://docs.docker.com/engine/api/). */
export class DockerClient {
  readonly engine: Engine;
  readonly #docker: Docker;
  /** Without a time limit, which would end a stream of events that is quiet. */
  readonly #streaming: Docker;

  private constructor(engine: Engine, options: Docker.DockerOptions) {
    this.engine = engine;
    this.#docker = new Docker({ ...options, version: `v${engine.apiVersion}`, timeout: REQUEST_TIMEOUT_MS });
    this.#streaming = new Docker({ ...options, version: `v${engine.apiVersion}` });
  }

  /** The first engine that answers. @throws DockerError */
  static async find(host: string | undefined): Promise<DockerClient> {
    const surroundings = { env: process.env, home: homedir(), uid: process.getuid?.() ?? 0 };
    const failures: { readonly place: EnginePlace; readonly problem: Problem }[] = [];
    for (const place of enginePlaces(host, surroundings)) {
      try {
        return await DockerClient.at(place);
      } catch (error) {
        failures.push({ place, problem: problemOf(error) });
      }
    }
    throw nobodyAnswers(failures);
  }

  /** @throws DockerError, or what the connection failed with. */
  static async at(place: EnginePlace): Promise<DockerClient> {
    const options = connectionOptions(place);
    const answer = (await new Docker({ ...options, timeout: REQUEST_TIMEOUT_MS }).version()) as Docker.DockerVersion;
    const apiVersion = negotiateApiVersion(answer.ApiVersion, answer.MinAPIVersion);
    if (apiVersion === undefined) {
      throw new DockerError(
        'DOCKER_API',
        `The engine at ${place.host} speaks API ${answer.MinAPIVersion} to ${answer.ApiVersion}, which this version of Flowtap does not.`,
      );
    }
    const isPodman = answer.Components?.some(({ Name }) => /podman/i.test(Name)) === true;
    const { host, foundBy } = place;
    const kind = isPodman ? 'podman' : 'docker';
    return new DockerClient({ kind, host, foundBy, version: answer.Version, apiVersion }, options);
  }

  /** All containers, those that do not run included. Without their processes: `inspect` tells those. */
  async list(): Promise<readonly Container[]> {
    const infos = await this.#request(() => this.#docker.listContainers({ all: true }));
    return infos.map((info) =>
      describeContainer({
        id: info.Id,
        name: info.Names?.[0] ?? info.Id.slice(0, 12),
        image: info.Image,
        labels: info.Labels ?? {},
        status: info.State,
        networks: info.NetworkSettings?.Networks,
      }),
    );
  }

  /** Undefined when there is no such container (any more). The engine answers late while it starts the container. */
  async inspect(id: string): Promise<Container | undefined> {
    const info = await this.#request(async () => {
      try {
        return await this.#docker.getContainer(id).inspect();
      } catch (error) {
        if (statusOf(error) === 404) return undefined;
        throw error;
      }
    });
    if (info === undefined) return undefined;
    return describeContainer({
      id: info.Id,
      name: info.Name,
      image: info.Config.Image,
      labels: info.Config.Labels ?? {},
      status: info.State.Status,
      pid: info.State.Pid,
      networks: info.NetworkSettings?.Networks,
    });
  }

  /** Image and command of a container, from the list, which the engine answers also while it starts the container. */
  async commandOf(id: string): Promise<{ readonly imageId: string; readonly command: string } | undefined> {
    const list = () => this.#docker.listContainers({ all: true, filters: { id: [id] } });
    const [info] = await this.#request(list);
    return info === undefined ? undefined : { imageId: info.ImageID, command: info.Command ?? '' };
  }

  async image(imageId: string): Promise<ImageDetails> {
    const info = await this.#request(() => this.#docker.getImage(imageId).inspect());
    const { LowerDir, UpperDir } = (info.GraphDriver?.Data ?? {}) as { LowerDir?: string; UpperDir?: string };
    return {
      layers: [...(UpperDir ? [UpperDir] : []), ...(LowerDir ? LowerDir.split(':') : [])],
      environment: info.Config?.Env ?? [],
    };
  }

  /** Addresses of a container in a network. The engine tells them before it has started the container. */
  async addressesIn(networkId: string, containerId: string): Promise<readonly string[]> {
    const network = await this.#request(async () => (await this.#docker.getNetwork(networkId).inspect()) as Network);
    const { IPv4Address = '', IPv6Address = '' } = network.Containers?.[containerId] ?? {};
    // As in 172.17.0.2/16.
    return [IPv4Address, IPv6Address].map((text) => text.split('/')[0] ?? '').filter((text) => text !== '');
  }

  /** What happens to containers from now on: one JSON object a line. Ends with the engine. */
  async events(): Promise<Readable> {
    const filters = { type: ['container', 'network'] } as const;
    return this.#request(async () => {
      const stream = await this.#streaming.getEvents({ filters: { type: [...filters.type] } });
      return stream as Readable;
    });
  }

  async #request<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      const { host } = this.engine;
      const { message } = error as Error;
      throw new DockerError('DOCKER_API', `The engine at ${host} did not do what it was asked: ${message}`, {
        cause: error,
      });
    }
  }
}

/** What is read of the answer to a question for a network; the package's types do not know it. */
interface Network {
  readonly Containers?: Readonly<Record<string, { readonly IPv4Address?: string; readonly IPv6Address?: string }>>;
}

function connectionOptions({ host, foundBy, certificates }: EnginePlace): Docker.DockerOptions {
  if (host.startsWith('unix://')) return { socketPath: host.slice('unix://'.length) };
  let url: URL | undefined;
  try {
    url = new URL(host);
  } catch {
    // Said below.
  }
  if (url === undefined || !['tcp:', 'http:', 'https:'].includes(url.protocol)) {
    throw new DockerError('DOCKER_UNREACHABLE', `"${host}" of ${foundBy} is no address of an engine on this machine.`, {
      hint: 'It must begin with unix:// or tcp://.',
    });
  }
  const isTls = url.protocol === 'https:' || url.port === '2376' || certificates !== undefined;
  const port = url.port || (isTls ? '2376' : '2375');
  const address = { host: url.hostname.replace(/^\[|\]$/g, ''), port };
  if (!isTls) return { ...address, protocol: 'http' };
  const read = (name: string) => (certificates === undefined ? undefined : readFileSync(join(certificates, name)));
  return { ...address, protocol: 'https', ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') };
}

interface Problem {
  readonly message: string;
  readonly isPermission: boolean;
  readonly error: unknown;
}

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such socket',
  ECONNREFUSED: 'nobody listens there',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
};

function problemOf(error: unknown): Problem {
  const { code = '', message } = error as Error & { readonly code?: string };
  return { message: PROBLEMS[code] ?? message, isPermission: code === 'EACCES' || code === 'EPERM', error };
}

function nobodyAnswers(failures: readonly { readonly place: EnginePlace; readonly problem: Problem }[]): DockerError {
  const refused = failures.find(({ problem }) => problem.isPermission);
  if (refused !== undefined) {
    const { host } = refused.place;
    return new DockerError('DOCKER_PERMISSION', `This user may not talk to the container engine at ${host}.`, {
      hint: 'Run as root, or as a member of the group that the socket belongs to.',
      cause: refused.problem.error,
    });
  }
  const [first] = failures;
  if (first?.place.isChosen) {
    const { place, problem } = first;
    if (problem.error instanceof DockerError) return problem.error;
    const where = place.host === '' ? `${place.foundBy}, which is not there` : `${place.host} (${place.foundBy})`;
    return new DockerError('DOCKER_UNREACHABLE', `No container engine answers at ${where}: ${problem.message}.`, {
      hint: 'Start it, or name another place with DOCKER_HOST.',
      cause: problem.error,
    });
  }
  const tried = failures.map(({ place, problem }) => `${place.host} (${problem.message})`).join(', ');
  return new DockerError('DOCKER_UNREACHABLE', `No container engine answers; tried ${tried}.`, {
    hint: 'Start Docker or Podman, or say where it listens with DOCKER_HOST.',
    cause: first?.problem.error,
  });
}

function statusOf(error: unknown): number | undefined {
  return (error as { readonly statusCode?: number }).statusCode;
}
