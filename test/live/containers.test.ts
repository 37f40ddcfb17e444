// SPDX-License-Identifier: Apache-2.0
import { existsSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { containerNeeds, TOOLS, useContainers } from './support/containers.js';
import { type Flow, only, targets } from './support/flow.js';
import { describeLive } from './support/needs.js';
import { useScene } from './support/scene.js';
import { until } from './support/until.js';

const curl = ['curl', '-sk', '--retry-connrefused', '--retry', '3'];

function byTarget(flows: readonly Flow[], target: string): readonly Flow[] {
  return flows.filter((flow) => flow.request?.target === target);
}

describeLive('a container', containerNeeds, () => {
  const scene = useScene();
  const { containers, urls } = useContainers(scene);

  test('that is started after the command and lives for one request is captured, and no other', async () => {
    const capture = await containers.attach('--container', 'quick');
    await containers.run('other', TOOLS, ...curl, `${urls.server}/other?id=1`);
    await containers.run('quick', '--label', 'a=b', TOOLS, ...curl, `${urls.server}/quick?id=1`);
    const flow = only(await capture.flowCount(1));
    expect(flow).toMatchObject({
      ...{ tls: true, role: 'client', complete: true, process: { comm: 'curl' } },
      container: { name: 'quick', image: TOOLS },
      request: { target: '/quick?id=1' },
      ...{ sourceContainer: 'quick', destinationContainer: 'server' },
    });
    expect(flow).not.toHaveProperty('joined');
    expect(flow.container?.id).toMatch(/^[0-9a-f]{64}$/);
    expect(flow.process.containerId).toBe(flow.container?.id);
    expect(flow.container).not.toHaveProperty('labels');
    expect(targets((await capture.stop()).flows)).toEqual(['/quick?id=1']);
  });

  test.each<[string, readonly string[]]>([
    ['its image, whatever the tag', ['--image', 'tools']],
    ['its image with the tag', ['--image', 'tools:1']],
    ['a label', ['--label', 'wanted']],
    ['a label with its value', ['--label', 'wanted=yes']],
    ['its Compose project', ['--compose', 'shop']],
    ['being one of all', ['--all-containers']],
  ])('is captured by %s', async (_, selection) => {
    const capture = await containers.attach(...selection, '--container-labels');
    const labels = ['--label', 'wanted=yes', '--label', 'com.docker.compose.project=shop'];
    await containers.run('chosen', ...labels, TOOLS, ...curl, `${urls.server}/chosen?id=1`);
    const isChosen = ({ container }: Flow) => container?.name === 'chosen';
    await until('its flow is there', () => capture.flows().some(isChosen));
    const flow = only((await capture.stop()).flows.filter(isChosen));
    expect(flow.request?.target).toBe('/chosen?id=1');
    expect(flow.container?.labels).toMatchObject({ wanted: 'yes', 'com.docker.compose.project': 'shop' });
  });

  test('is not captured when its label has another value', async () => {
    const capture = await containers.attach('--label', 'wanted=no', '--container', 'last');
    await containers.run('unwanted', '--label', 'wanted=yes', TOOLS, ...curl, `${urls.server}/unwanted?id=1`);
    await containers.run('last', TOOLS, ...curl, `${urls.server}/last?id=1`);
    await capture.flowCount(1);
    expect(targets((await capture.stop()).flows)).toEqual(['/last?id=1']);
  });

  test('that runs already is captured as a server, also in what is executed in it', async () => {
    const web = await containers.startServer('web');
    const capture = await containers.attach('--container', 'web');
    await containers.engine().run('exec', 'server', ...curl, `${web}/asked?id=1`);
    await containers.engine().run('exec', 'web', ...curl, `${urls.server}/executed?id=1`);
    const flows = await capture.flowCount(2);
    expect(only(byTarget(flows, '/asked?id=1'))).toMatchObject({
      ...{ tls: true, role: 'server', complete: true, process: { comm: 'python3' }, container: { name: 'web' } },
      ...{ sourceContainer: 'server', destinationContainer: 'web' },
    });
    expect(only(byTarget(flows, '/executed?id=1'))).toMatchObject({
      ...{ tls: true, role: 'client', complete: true, process: { comm: 'curl' }, container: { name: 'web' } },
    });
  });

  test('stays captured when it is paused and restarted', async () => {
    const web = await containers.startServer('web');
    const ask = (url: string) => containers.engine().run('exec', 'server', ...curl, url);
    const capture = await containers.attach('--container', 'web');
    await ask(`${web}/first?id=1`);
    await containers.engine().run('pause', 'web');
    const paused = ask(`${web}/paused?id=1`);
    await containers.engine().run('unpause', 'web');
    await paused;
    await containers.engine().run('restart', '--time', '0', 'web');
    await ask(`${await containers.urlOf('web', 2)}/restarted?id=1`);
    const flows = await capture.flowCount(3);
    expect(targets(flows)).toEqual(['/first?id=1', '/paused?id=1', '/restarted?id=1']);
    for (const flow of flows) expect(flow).toMatchObject({ complete: true, container: { name: 'web' } });
  });

  test('is let go when it is renamed to what nobody asked for', async () => {
    const web = await containers.startServer('web');
    const ask = (url: string) => containers.engine().run('exec', 'server', ...curl, url);
    const capture = await containers.attach('--container', 'web', '--container', 'last');
    await ask(`${web}/web?id=1`);
    await capture.flowCount(1);
    await containers.engine().run('rename', 'web', 'elsewhere');
    scene.onClose(async () => void (await containers.engine().docker('rm', '--force', 'elsewhere')));
    // The engine tells in order: what is started afterwards is captured when the other one is let go.
    await containers.run('last', TOOLS, ...curl, `${urls.server}/last?id=1`);
    await capture.flowCount(2);
    await ask(`${web}/elsewhere?id=1`);
    await containers.run('last', TOOLS, ...curl, `${urls.server}/last?id=2`);
    await capture.flowCount(3);
    expect(targets((await capture.stop()).flows)).toEqual(['/web?id=1', '/last?id=1', '/last?id=2']);
  });

  test('that talks to another one gives two flows, one for each side, with the same addresses', async () => {
    const web = await containers.startServer('web');
    const capture = await containers.attach('--container', 'web', '--container', 'asker');
    await containers.run('asker', TOOLS, ...curl, `${web}/both?id=1`);
    const flows = await capture.flowCount(2);
    const [client, server] = ['client', 'server'].map((role) => only(flows.filter((flow) => flow.role === role)));
    expect(client).toMatchObject({ complete: true, container: { name: 'asker' }, request: { target: '/both?id=1' } });
    expect(server).toMatchObject({ complete: true, container: { name: 'web' }, request: { target: '/both?id=1' } });
    expect(client?.source).toEqual(server?.source);
    expect(client?.destination).toEqual(server?.destination);
    for (const flow of flows) {
      expect(flow).toMatchObject({ sourceContainer: 'asker', destinationContainer: 'web' });
    }
  });

  test('is captured when 30 start at once', async () => {
    const capture = await containers.attach('--label', 'crowd');
    const ids = Array.from({ length: 30 }, (_, index) => index + 1);
    const run = (id: number) =>
      containers.run(`crowd-${id}`, '--label', 'crowd', TOOLS, ...curl, `${urls.server}/crowd?id=${id}`);
    await Promise.all(ids.map(run));
    const flows = await capture.flowCount(30);
    const seen = flows.map(({ container, request }) => `${container?.name} ${request?.target}`);
    expect(seen.sort()).toEqual(ids.map((id) => `crowd-${id} /crowd?id=${id}`).sort());
    for (const flow of flows) expect(flow).toMatchObject({ tls: true, role: 'client', complete: true });
  }, 120_000);

  test('is followed over a restart of the engine', async () => {
    const capture = await containers.attach('--label', 'kept');
    const shell = `while :; do ${curl.join(' ')} "${urls.server}/loop?id=$((n = n + 1))"; sleep 0.1; done`;
    await containers.start('kept', '--label', 'kept', TOOLS, 'sh', '-c', shell);
    await capture.flowCount(1);
    let before = 0;
    await containers.engine().restart(async () => {
      await capture.program.says('the container engine is away');
      before = capture.flows().length;
      await capture.flowCount(before + 3);
    });
    await capture.program.says('the container engine is back');
    await containers.run('quick', '--label', 'kept', TOOLS, ...curl, `${urls.server}/quick?id=1`);
    await containers.run('quick', TOOLS, ...curl, `${urls.server}/unlabelled?id=1`);
    await containers.engine().run('rm', '--force', 'kept');
    const { flows, status } = await capture.stop();
    expect(status).toBe(0);
    expect(only(byTarget(flows, '/quick?id=1'))).toMatchObject({ complete: true, container: { name: 'quick' } });
    expect(byTarget(flows, '/unlabelled?id=1')).toEqual([]);
    expect(flows.filter(({ container }) => container?.name === 'kept').length).toBe(flows.length - 1);
  });

  test('with nginx is captured when it ran before the command', async () => {
    const configuration = scene.path('nginx.conf');
    const log = 'access_log off; error_log /dev/null';
    const tls = 'ssl_certificate /certificate/certificate.pem; ssl_certificate_key /certificate/key.pem';
    writeFileSync(
      configuration,
      `daemon off; pid /run/nginx.pid; worker_processes 2; events {}
       http { ${log}; server { listen 8443 ssl; ${tls}; location / { return 200 "nginx $request_uri\\n"; } } }`,
    );
    const volumes = ['-v', `${configuration}:/nginx.conf:ro`, ...containers.certificateVolume];
    const writable = ['--tmpfs', '/var/lib/nginx', '--tmpfs', '/var/log/nginx'];
    await containers.start('nginx', ...volumes, ...writable, TOOLS, 'nginx', '-c', '/nginx.conf');
    const url = `https://${await containers.engine().address('nginx')}:8443`;
    await containers.engine().run('exec', 'server', ...curl, `${url}/ready`);
    const capture = await containers.attach('--container', 'nginx');
    for (const id of [1, 2, 3]) await containers.engine().run('exec', 'server', ...curl, `${url}/nginx?id=${id}`);
    const flows = await capture.flowCount(3);
    expect(targets(flows)).toEqual(['/nginx?id=1', '/nginx?id=2', '/nginx?id=3']);
    for (const flow of flows) {
      expect(flow).toMatchObject({ tls: true, role: 'server', complete: true, container: { name: 'nginx' } });
      expect(existsSync(`/proc/${flow.process.pid}`)).toBe(true);
    }
  });
});
