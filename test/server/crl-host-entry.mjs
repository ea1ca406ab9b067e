// A server of CRLs in a process of its own: what lies where is told it by messages.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

const [port = '0'] = process.argv.slice(2);
const files = new Map();
const requests = [];
const held = [];
/** What waits: nothing, whole answers, or the second halves of what is sent. */
let holding = 'nothing';

function answer(request, response) {
  const { url, headers } = request;
  const content = files.get(url);
  // The test itself wants to know.
  if (headers['x-quiet'] === undefined)
    requests.push({ url, conditional: headers['if-none-match'] !== undefined });
  if (content === undefined) {
    response.writeHead(404).end();
    return;
  }
  const etag = `"${createHash('sha256').update(content).digest('hex')}"`;
  if (headers['if-none-match'] === etag) response.writeHead(304, { etag }).end();
  else if (holding !== 'halves') response.writeHead(200, { etag }).end(content);
  else {
    const half = content.length >> 1;
    response.writeHead(200, { etag, 'content-length': content.length });
    response.write(content.subarray(0, half));
    held.push(() => response.end(content.subarray(half)));
  }
}

const server = createServer((request, response) => {
  if (holding === 'answers') held.push(() => answer(request, response));
  else answer(request, response);
});
server.listen(Number(port), '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('message', (message) => {
  if (message.publish) files.set(message.publish.path, Buffer.from(message.publish.content, 'base64'));
  if (message.hold !== undefined) {
    holding = message.hold;
    if (holding === 'nothing') for (const release of held.splice(0)) release();
  }
  if (message.withdraw) files.delete(message.withdraw);
  process.send({ requests: [...requests] });
});
process.on('disconnect', () => process.exit());
