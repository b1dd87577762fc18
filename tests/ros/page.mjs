/**
 * A page of the dashboard without a browser: `node page.mjs URL`. Each line of its input is JSON: `{"send": …}` sends a message, `{"raw": "…"}` a
 * text as it is, `{"fill": n}` a message of n bytes, `{"flood": n}` n messages at once. Each line of its output is JSON too: what arrived.
 */
import { createInterface } from 'node:readline';

import { WebSocket } from 'ws';

/** @param {object} event */
const say = (event) => void process.stdout.write(`${JSON.stringify(event)}\n`);

const url = new URL(process.argv[2] ?? '');
url.protocol = 'ws:';
url.pathname = '/ws';
const socket = new WebSocket(url);

socket.on('open', () => {
  say({ event: 'open' });
});
socket.on('unexpected-response', (_, { statusCode }) => {
  say({ event: 'refused', status: statusCode });
  process.exit();
});
socket.on('error', () => undefined);
socket.on('close', (code, reason) => {
  say({ event: 'close', code, reason: reason.toString() });
  process.exit();
});
socket.on('message', (/** @type {Buffer} */ data, isBinary) => {
  if (!isBinary) {
    say({ event: 'message', message: JSON.parse(data.toString()) });
    return;
  }
  const dimensions = data.readUInt8(1);
  const channelAt = 12 + 4 * dimensions;
  const nameBytes = data.readUInt8(2);
  say({
    event: 'frame',
    kind: data.readUInt8(0) === 1 ? 'picture' : 'numbers',
    channel: data.toString('utf8', channelAt, channelAt + nameBytes),
    shape: Array.from({ length: dimensions }, (_, index) => data.readUInt32LE(12 + 4 * index)),
    bytes: data.length,
    start: data.toString(
      'hex',
      channelAt + 4 * Math.ceil(nameBytes / 4),
      channelAt + 4 * Math.ceil(nameBytes / 4) + 3,
    ),
  });
});

/** @param {{ send?: object, raw?: string, fill?: number, flood?: number }} line */
function obey({ send, raw, fill, flood = 0 }) {
  if (send !== undefined) socket.send(JSON.stringify(send));
  if (raw !== undefined) socket.send(raw);
  if (fill !== undefined) socket.send(' '.repeat(fill));
  for (let sent = 0; sent < flood; sent += 1) socket.send('{"type":"list_profiles","id":0}');
}

/** What is asked for before the connection is there waits for it. */
const opened = new Promise((resolve) => socket.once('open', resolve));

createInterface({ input: process.stdin })
  .on('line', (line) => {
    void opened.then(() => {
      obey(JSON.parse(line));
    });
  })
  .on('close', () => {
    socket.terminate();
    process.exit();
  });
