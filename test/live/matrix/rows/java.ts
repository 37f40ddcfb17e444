// SPDX-License-Identifier: Apache-2.0
import { JavaClient, javaClientCommand } from '../../support/java.js';
import type { Scene } from '../../support/scene.js';
import type { ClientSubject } from '../subject.js';

const VERSION = 17;

/** The table names the version, so it has to be that one. */
async function checkVersion(scene: Scene): Promise<void> {
  const { stderr } = await scene.run('java', ['-version']);
  if (!stderr.startsWith(`openjdk version "${VERSION}.`)) throw new Error(`java is ${stderr}`);
}

export const javaHttpClient: ClientSubject = {
  ...{ program: `Java ${VERSION} HttpClient`, role: 'client', library: 'JSSE', needs: ['java'] },
  unreadable: { code: 'jsse', message: /JSSE.* no library function to probe/, cell: 'JSSE has no function to probe' },
  prepare: async ({ scene, server, launch }) => {
    await checkVersion(scene);
    const [command = '', ...args] = javaClientCommand;
    const client = new JavaClient(await launch(command, args));
    return {
      program: client.program,
      ready: async () => {
        await client.ready();
        return { request: (wanted) => client.request(wanted.method, server.urlOf(wanted), wanted.body) };
      },
    };
  },
};
