// SPDX-License-Identifier: Apache-2.0
// Prints its port. `/` is a page that opens a WebSocket and an EventSource here and posts to `/done` what it got; that is
// printed as a line. `/events?count=n` sends n events and ends; without count it prints `open` and sends
// an event for each line of input, until the line `end`.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { WebSocketServer } from 'ws';

const PAGE = `<!doctype html><title>page</title><script>
const got = { messages: [], events: [] };
const socket = new WebSocket('ws://' + location.host + '/socket');
const source = new EventSource('/events?count=3');
const done = () => {
  if (got.messages.length < 2 || got.events.length < 3) return;
  source.close();
  socket.onclose = () => fetch('/done', { method: 'POST', body: JSON.stringify(got) });
  socket.close(1000, 'seen');
};
socket.onopen = () => socket.send('hello from the page');
socket.onmessage = ({ data }) => {
  got.messages.push(data);
  if (got.messages.length === 1) socket.send('again and again and again');
  done();
};
source.addEventListener('tick', ({ data, lastEventId }) => { got.events.push(lastEventId + ' ' + data); done(); });
</script>`;

const open = new Set();
const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://x');
  if (url.pathname === '/events') {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
    const count = Number(url.searchParams.get('count') ?? 0);
    for (let i = 1; i <= count; i++) response.write(`id: ${i}\nevent: tick\ndata: number ${i}\n\n`);
    if (count === 0) {
      response.flushHeaders();
      open.add(response);
      process.stdout.write('open\n');
    } else response.end();
  } else if (url.pathname === '/done') {
    const chunks = [];
    request.on('data', (bytes) => chunks.push(bytes));
    request.on('end', () => {
      response.end();
      process.stdout.write(`${Buffer.concat(chunks)}\n`);
    });
  } else {
    response.writeHead(200, { 'Content-Type': 'text/html' });
    response.end(PAGE);
  }
});
new WebSocketServer({ server, perMessageDeflate: { threshold: 0 } }).on('connection', (socket) => {
  socket.on('message', (data) => socket.send(`you said: ${data}`));
});
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  for (const response of open) {
    if (line === 'end') response.end();
    else response.write(`data: ${line}\n\n`);
  }
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
