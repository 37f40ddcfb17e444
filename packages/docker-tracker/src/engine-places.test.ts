// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { enginePlaces } from './engine-places.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'flowtap-home-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** As `docker context create` writes it. */
function makeContext(name: string, host: string): void {
  const id = createHash('sha256').update(name).digest('hex');
  mkdirSync(join(home, '.docker/contexts/meta', id), { recursive: true });
  const meta = { Name: name, Metadata: {}, Endpoints: { docker: { Host: host, SkipTLSVerify: false } } };
  writeFileSync(join(home, '.docker/contexts/meta', id, 'meta.json'), JSON.stringify(meta));
}

function useContext(name: string): void {
  writeFileSync(join(home, '.docker/config.json'), JSON.stringify({ auths: {}, currentContext: name }));
}

const places = (env: Record<string, string> = {}, host?: string, uid = 0) => enginePlaces(host, { env, home, uid });
const hosts = (...args: Parameters<typeof places>) => places(...args).map((place) => place.host);

it('is where the caller says, whatever else there is', () => {
  expect(places({ DOCKER_HOST: 'unix:///env.sock' }, 'unix:///mine.sock')).toEqual([
    { host: 'unix:///mine.sock', foundBy: 'the option host', isChosen: true },
  ]);
});

it('is where DOCKER_HOST says, whatever context is in use', () => {
  makeContext('remote', 'unix:///context.sock');
  useContext('remote');
  expect(hosts({ DOCKER_HOST: 'unix:///env.sock' })).toEqual(['unix:///env.sock']);
});

it('is reached with the certificates of DOCKER_CERT_PATH', () => {
  expect(places({ DOCKER_HOST: 'tcp://proxy:2376', DOCKER_CERT_PATH: '/c' })).toMatchObject([{ certificates: '/c' }]);
  const [verified] = places({ DOCKER_HOST: 'tcp://proxy:2376', DOCKER_TLS_VERIFY: '1' });
  expect(verified?.certificates).toBe(join(home, '.docker'));
});

it('is where the current context says', () => {
  makeContext('rootless', 'unix:///run/user/1000/docker.sock');
  useContext('rootless');
  expect(places()).toMatchObject([
    { host: 'unix:///run/user/1000/docker.sock', foundBy: 'the Docker context rootless', isChosen: true },
  ]);
});

it('is where DOCKER_CONTEXT says, rather than the current one', () => {
  makeContext('a', 'unix:///a.sock');
  makeContext('b', 'unix:///b.sock');
  useContext('a');
  expect(hosts({ DOCKER_CONTEXT: 'b' })).toEqual(['unix:///b.sock']);
});

it('is nowhere when the current context is not described, rather than somewhere else', () => {
  mkdirSync(join(home, '.docker'));
  useContext('gone');
  expect(places()).toMatchObject([{ host: '', foundBy: 'the Docker context gone', isChosen: true }]);
});

it('is at the usual places with the default context, damaged settings or none', () => {
  const usual = hosts();
  expect(usual.slice(0, 2)).toEqual(['unix:///var/run/docker.sock', 'unix:///run/podman/podman.sock']);
  mkdirSync(join(home, '.docker'));
  useContext('default');
  expect(hosts()).toEqual(usual);
  writeFileSync(join(home, '.docker/config.json'), '{"currentContext": 7');
  expect(hosts()).toEqual(usual);
});

it('is looked for among the rootless ones of the user, and under sudo of the one who called it', () => {
  expect(hosts({ XDG_RUNTIME_DIR: '/run/mine' }, undefined, 1000)).toEqual(
    expect.arrayContaining(['unix:///run/mine/docker.sock', 'unix:///run/mine/podman/podman.sock']),
  );
  expect(hosts({ SUDO_UID: '1000' })).toEqual(
    expect.arrayContaining(['unix:///run/user/1000/docker.sock', 'unix:///run/user/0/podman/podman.sock']),
  );
});
