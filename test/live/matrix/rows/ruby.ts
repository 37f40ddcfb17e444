// SPDX-License-Identifier: Apache-2.0
import { freePort } from '../../support/free-port.js';
import { prepareDriven } from '../driven-client.js';
import { preparePrinting, untilListening } from '../printing-server.js';
import { programFile } from '../program-file.js';
import type { ClientSubject, ServerSubject, Subject } from '../subject.js';

/** The system's Ruby: it loads the system's libssl. Another one in PATH may not. */
const ruby = '/usr/bin/ruby';

export const rubyNetHttp: ClientSubject = {
  ...{ program: 'Ruby net/http', role: 'client', library: 'libssl', needs: [ruby] },
  prepare: (setting) => prepareDriven(setting, ruby, [programFile('ruby/net_http_client.rb')]),
};

export const webrick: ServerSubject = {
  ...{ program: 'Ruby WEBrick', role: 'server', library: 'libssl', needs: [ruby] },
  prepare: (setting) => {
    const { scheme, certificate } = setting;
    const tls = scheme === 'https' ? [certificate.file, certificate.key] : [];
    return preparePrinting(setting, ruby, [programFile('ruby/webrick_server.rb'), ...tls]);
  },
};

export const puma: ServerSubject = {
  ...{ program: 'Ruby Puma, 2 workers of 4 threads', role: 'server', library: 'libssl, memory BIOs' },
  needs: ['/usr/bin/puma'],
  prepare: async ({ scheme, certificate, launch }) => {
    const port = await freePort();
    const address = `127.0.0.1:${port}`;
    const tls = `ssl://${address}?key=${certificate.key}&cert=${certificate.file}&verify_mode=none`;
    const options = ['-e', 'production', '-w', '2', '-t', '4:4'];
    const bind = ['-b', scheme === 'https' ? tls : `tcp://${address}`];
    const program = await launch('/usr/bin/puma', [...options, ...bind, programFile('ruby/config.ru')]);
    return {
      program,
      ready: async () => {
        // Its master listens before there are workers that answer.
        await program.printed(/Worker 1 .*booted/);
        await untilListening(port);
        return { port };
      },
    };
  },
};

export const rubySubjects: readonly Subject[] = [rubyNetHttp, webrick, puma];
