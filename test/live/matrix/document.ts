// SPDX-License-Identifier: Apache-2.0
import { Result } from './judge.js';
import { formatTable, type MeasuredRow } from './table.js';

/** The text of docs/support-matrix.md. */
export function documentOf(rows: readonly MeasuredRow[]): string {
  return `# Support matrix

Each line is a program that \`test/live/matrix.test.ts\` runs and captures with \`flowtap attach\`; each cell is what it
measured. \`npm run matrix\` runs it and writes this file, and the tests fail when it says anything else.

${formatTable(rows)}
- **started later**: the process was captured already when its program started.
- **already open**: the program ran before Flowtap and went on using a keep-alive connection that it had used before.

Programs are those of the system (of Debian 12, with Go 1.19) where no version is named. The newest Go is that of Debian 13
and its backports. All Go programs here speak HTTP/1.1.

Four requests make a cell: over one connection a GET, a POST with 21,500 bytes and one that is answered by 404 (in the
client's cells the answer to the POST has 40,000 bytes), then a GET over another connection where the program lets one
choose. There must be exactly one flow for each of them, with method, target, status, both bodies, \`http/1.1\`, \`tls\`, role,
process, and the source and destination address and port that the program's other end has in its own log; and nothing
dropped. One wget has one method for all its requests: all of its four send the body.

- **${Result.complete}**: all of that.
- **${Result.onceFound}**: all of that, from the moment on where Flowtap has found the file that encrypts. Libraries that
  the dynamic linker's cache names are found before the program starts, other files when the program maps them; that
  takes milliseconds. What \`flowtap run\` starts is held until its executable has been looked at.
- **${Result.fromSecond}**: a thread was waiting inside the TLS library for the next request since before there was a
  probe. That one call cannot be seen, so the first flow has no request and says that it is incomplete.
- **not readable**: each connection is shown once it has ended, as a flow of the kind \`opaque\` with this reason, its
  addresses and true byte counts. Of one that was open before nobody saw who began it, so its ends are \`local\` and
  \`remote\` instead of \`source\` and \`destination\`.

PostgreSQL's lines are measured by one statement over each connection: there must be a flow for the login, unless the
connection was open before, and one for the statement, with its text and with the columns and rows that psql printed.
`;
}
