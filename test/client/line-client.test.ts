import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, expect, test } from '@jest/globals';
import { LineClient } from '../../src/client/line-client.js';
import type { VerifyRequest } from '../../src/wire/request.js';

const request: VerifyRequest = { certificates: [Buffer.from('leaf')], crls: [] };

let server: Server | undefined;
afterEach(() => {
  server?.close();
});

/** A server that answers each whole request by what `respond` makes of its number and its text. */
async function serve(respond: (socket: Socket, count: number, text: string) => void, options = {}) {
  server = createServer((socket) => {
    let text = '';
    let count = 0;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      text += chunk.toString();
      for (let end = text.indexOf('\n.\n'); end >= 0; end = text.indexOf('\n.\n')) {
        respond(socket, ++count, text.slice(0, end + 3));
        text = text.slice(end + 3);
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return LineClient.connect(
    { kind: 'tcp', host: '127.0.0.1', port: address.port },
    { connectTimeout: 60_000, ...options },
  );
}

function verdictLine(id: string, code = 'OK', status = 'valid', body = {}): string {
  return `${id} ${status} ${code} ${JSON.stringify({ status, code, message: `of ${id}`, path: [], ...body })}\n`;
}

test('a request carries its arguments, certificates, CRLs, OCSP responses and anchors, and ends with a lone dot', async () => {
  let sent = '';
  const client = await serve((socket, count, text) => {
    sent = text;
    socket.write(verdictLine(String(count)));
  });
  await client.verify({
    ...request,
    crls: [Buffer.from('crl')],
    ocsp: [Buffer.from('ocsp')],
    anchors: [Buffer.from('anchor')],
    hosts: ['a.example', 'b.example'],
    at: Date.UTC(2026, 2, 31, 12),
    revocation: 'off',
  });
  client.close();
  expect(sent).toBe(
    `VERIFY id=1 host=a.example host=b.example at=2026-03-31T12:00:00.000Z revocation=off
-----BEGIN CERTIFICATE-----
${Buffer.from('leaf').toString('base64')}
-----END CERTIFICATE-----
-----BEGIN X509 CRL-----
${Buffer.from('crl').toString('base64')}
-----END X509 CRL-----
-----BEGIN OCSP RESPONSE-----
${Buffer.from('ocsp').toString('base64')}
-----END OCSP RESPONSE-----
anchors:
-----BEGIN CERTIFICATE-----
${Buffer.from('anchor').toString('base64')}
-----END CERTIFICATE-----
.
`,
  );
});

test('pipelined requests get their own answers, in order, however the bytes are cut', async () => {
  const client = await serve((socket, count) => {
    if (count < 3) return;
    const all =
      verdictLine('1') + verdictLine('2', 'REVOKED', 'invalid') + '3 error BUSY {"message":"later"}\n';
    socket.write(all.slice(0, 50));
    setImmediate(() => socket.write(all.slice(50)));
  });
  const answers = await Promise.all([client.verify(request), client.verify(request), client.verify(request)]);
  client.close();
  expect(answers).toEqual([
    { verdict: expect.objectContaining({ code: 'OK', message: 'of 1' }) },
    { verdict: expect.objectContaining({ code: 'REVOKED', status: 'invalid' }) },
    { error: { code: 'BUSY', message: 'later' } },
  ]);
});

test('a value with a space or newline is never sent: it could smuggle in another argument or command', async () => {
  const client = await serve((socket, count) => socket.write(verdictLine(String(count))));
  await expect(client.verify({ ...request, hosts: ['a revocation=off'] })).rejects.toMatchObject({
    code: 'BAD_ARGUMENT',
  });
  await expect(client.verify({ ...request, purpose: 'x\n.\nQUIT' })).rejects.toMatchObject({
    code: 'BAD_ARGUMENT',
  });
  await expect(client.verify(request)).resolves.toHaveProperty('verdict');
  client.close();
});

test.each([
  ['another id', verdictLine('7')],
  [
    'words that disagree with the verdict',
    '1 valid OK {"status":"invalid","code":"REVOKED","message":"","path":[]}\n',
  ],
  [
    'a code whose status is another',
    '1 valid REVOKED {"status":"valid","code":"REVOKED","message":"","path":[]}\n',
  ],
  ['an unknown code', '1 valid FINE {"status":"valid","code":"FINE","message":"","path":[]}\n'],
  ['no JSON', '1 valid OK {"status"}\n'],
  ['prose', 'HTTP/1.1 400 Bad Request\n'],
])('an answer with %s fails the request instead of being believed', async (_, line) => {
  const client = await serve((socket) => socket.write(line));
  await expect(client.verify(request)).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
});

test('a connection that dies fails every request still unanswered, and those that follow', async () => {
  const client = await serve((socket, count) => {
    if (count === 2) socket.end(verdictLine('1'));
  });
  const [first, second] = await Promise.allSettled([client.verify(request), client.verify(request)]);
  expect(first.status).toBe('fulfilled');
  expect(second).toMatchObject({ status: 'rejected', reason: { code: 'CONNECTION_LOST' } });
  await expect(client.verify(request)).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
});

test('a silent server costs no longer than the answer timeout', async () => {
  const client = await serve(() => undefined, { answerTimeout: 50 });
  await expect(client.verify(request)).rejects.toThrow('no answer within 50 ms');
});

test('BUSY before any request was read answers the request that was waiting', async () => {
  const client = await serve((socket) => socket.end('- error BUSY {"message":"try again"}\n'));
  await expect(client.verify(request)).resolves.toEqual({ error: { code: 'BUSY', message: 'try again' } });
});

test('an address without a server is distinguished from an unreachable one', async () => {
  await expect(LineClient.connect({ kind: 'unix', path: '/nowhere/at.sock' })).rejects.toMatchObject({
    code: 'NOT_LISTENING',
    message: 'nothing listens at unix:/nowhere/at.sock',
  });
  await expect(LineClient.connect({ kind: 'unix', path: '/etc/passwd/x' })).rejects.toMatchObject({
    code: 'UNREACHABLE',
  });
});

test.each([
  ['the msgpack protocol', Buffer.from([0, 0, 0, 16, 0x81, 0, 0, 0])],
  ['TLS', Buffer.from([0x15, 3, 3, 0, 2, 2, 0x50])],
])('a listener that speaks %s is told from one that answers garbage', async (name, bytes) => {
  const client = await serve((socket) => socket.write(bytes));
  await expect(client.verify(request)).rejects.toThrow(`this listener speaks ${name}`);
});
