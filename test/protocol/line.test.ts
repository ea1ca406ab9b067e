import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { lineProtocol } from '../../src/protocol/line.js';
import { decodeTrusted, encode } from '../../src/wire/codec.js';
import type { RequestLimits, Session, SessionEvent } from '../../src/wire/protocol.js';
import type { VerifyRequest } from '../../src/wire/request.js';

const LIMITS: RequestLimits = { maxLine: 200, maxSize: 4096, maxCertificates: 3, maxCrls: 1 };
const ALL = ['profiles', 'crls', 'at', 'anchors', 'revocation', 'status'];

function open(permits: readonly string[] = ALL, limits: RequestLimits = LIMITS): Session {
  return lineProtocol.open({ limits, maxInFlight: 64, permits: new Set(permits) });
}

function pem(label: string, content: string): string {
  return `-----BEGIN ${label}-----\n${Buffer.from(content).toString('base64')}\n-----END ${label}-----\n`;
}

const CERT = pem('CERTIFICATE', 'leaf');
const CRL = pem('X509 CRL', 'crl');
const OCSP = pem('OCSP RESPONSE', 'ocsp');

function send(session: Session, text: string): readonly SessionEvent[] {
  return session.receive(Buffer.from(text));
}

function requestOf(event: SessionEvent | undefined): VerifyRequest {
  if (event?.kind !== 'task') throw new Error(`no task but ${JSON.stringify(event)}`);
  return decodeTrusted<VerifyRequest>(event.task.body);
}

/** What each event says: replies as text, tasks by their label. */
function told(events: readonly SessionEvent[]): string[] {
  return events.map((event) => {
    if (event.kind === 'reply') return event.bytes.toString();
    return event.kind === 'task' ? `task ${event.label}` : event.kind;
  });
}

test('a request holds what its lines say, the leaf first', () => {
  const line = 'VERIFY id=7 profile=webpki purpose=serverAuth host=a.example host=b.example ip=::1 email=x@y';
  const text = `${line} at=2026-03-31T12:00:00.9Z revocation=soft\n${CERT}${CRL}${pem('CERTIFICATE', 'ca')}anchors:\n${pem('CERTIFICATE', 'root')}.\n`;
  const [event] = send(open(), text);
  const { certificates, crls, anchors, ...rest } = requestOf(event);
  expect(certificates.map(String)).toEqual(['leaf', 'ca']);
  expect(crls.map(String)).toEqual(['crl']);
  expect(anchors?.map(String)).toEqual(['root']);
  expect(rest).toEqual({
    profile: 'webpki',
    purpose: 'serverAuth',
    hosts: ['a.example', 'b.example'],
    ips: ['::1'],
    emails: ['x@y'],
    at: Date.UTC(2026, 2, 31, 12),
    revocation: 'soft',
  });
});

test('OCSP responses stand among the other blocks, counted with the CRLs', () => {
  const session = open(ALL, { ...LIMITS, maxCrls: 3 });
  const [event] = send(session, `VERIFY\n${OCSP}${CERT}${CRL}${pem('OCSP RESPONSE', 'other')}.\n`);
  const { certificates, crls, ocsp } = requestOf(event);
  expect([certificates, crls, ocsp].map((list) => list?.map(String))).toEqual([
    ['leaf'],
    ['crl'],
    ['ocsp', 'other'],
  ]);
  const [refused] = told(send(session, `VERIFY id=2\n${CERT}${CRL}${OCSP.repeat(3)}.\n`));
  expect(refused).toMatch(/^2 error TOO_MANY_CRLS .*at most 3 CRLs and OCSP responses/);
});

test('pipelined requests become events in their order, CRLF or LF', () => {
  const text = `VERIFY id=1\n${CERT}.\nPING\nVERIFY id=2\r\n${CERT.replaceAll('\n', '\r\n')}.\r\nQUIT\nPING\n`;
  expect(told(send(open(), text))).toEqual(['task 1', 'PONG\n', 'task 2', 'BYE\n', 'close']);
});

test('however the bytes are cut, the events are the same', () => {
  const text = `NONSENSE\nPING\nVERIFY id=1\n${CERT}.\nVERIFY id=2\n${'x'.repeat(300)}\n.\nVERIFY x=1\n.\nHELP\nQUIT\n`;
  const whole = told(send(open(), text));
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sizes) => {
      const session = open();
      const events: SessionEvent[] = [];
      for (let at = 0, n = 0; at < text.length; n++) {
        const size = sizes[n % sizes.length] ?? 1;
        events.push(...send(session, text.slice(at, at + size)));
        at += size;
      }
      expect(told(events)).toEqual(whole);
    }),
    { numRuns: 50 },
  );
});

test.each([
  ['an unknown word', 'VERIFY id=a hots=x\n' + CERT, 'a error BAD_ARGUMENT'],
  ['a word given twice', 'VERIFY id=a id=b\n' + CERT, 'a error BAD_ARGUMENT'],
  ['an empty value', 'VERIFY id=a host=\n' + CERT, 'a error BAD_ARGUMENT'],
  ['a date that is none', 'VERIFY at=2026-02-30T00:00:00Z\n' + CERT, '- error BAD_ARGUMENT'],
  ['a date without its zone', 'VERIFY at=2026-02-20T00:00:00\n' + CERT, '- error BAD_ARGUMENT'],
  ['an unknown mode', 'VERIFY revocation=maybe\n' + CERT, '- error BAD_ARGUMENT'],
  ['no certificate', 'VERIFY id=a\n', 'a error NO_CERTIFICATE'],
  ['only a CRL', 'VERIFY id=a\n' + CRL, 'a error NO_CERTIFICATE'],
  ['half a PEM', 'VERIFY id=a\n-----BEGIN CERTIFICATE-----\nAAAA\n', 'a error BAD_PEM'],
  [
    'mixed-up PEM',
    'VERIFY id=a\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END X509 CRL-----\n',
    'a error BAD_PEM',
  ],
  [
    'bad base64',
    'VERIFY id=a\n-----BEGIN CERTIFICATE-----\nA*AA\n-----END CERTIFICATE-----\n',
    'a error BAD_BASE64',
  ],
  ['a private key', `VERIFY id=a\n${pem('PRIVATE KEY', 'k')}`, 'a error UNEXPECTED_PEM'],
  ['too many certificates', `VERIFY id=a\n${CERT.repeat(4)}`, 'a error TOO_MANY_CERTIFICATES'],
  ['too many CRLs', `VERIFY id=a\n${CERT}${CRL}${CRL}`, 'a error TOO_MANY_CRLS'],
  ['a CRL and an OCSP response too many', `VERIFY id=a\n${CERT}${CRL}${OCSP}`, 'a error TOO_MANY_CRLS'],
  ['a line too long', `VERIFY id=a\n${'A'.repeat(201)}\n${CERT}`, 'a error LINE_TOO_LONG'],
  ['a request too large', `VERIFY id=a\n${'text\n'.repeat(1000)}`, 'a error REQUEST_TOO_LARGE'],
])('%s is answered once and the connection goes on', (_, request, answer) => {
  const [first, ...others] = told(send(open(), `${request}.\nPING\n`));
  expect(first).toMatch(new RegExp(`^${answer} \\{"message":".+"\\}\n$`));
  expect(others).toEqual(['PONG\n']);
});

test.each([
  ['profiles', 'VERIFY profile=webpki\n' + CERT],
  ['at', 'VERIFY at=2026-01-01T00:00:00Z\n' + CERT],
  ['revocation', 'VERIFY revocation=off\n' + CERT],
  ['crls', 'VERIFY\n' + CERT + CRL],
  ['crls', 'VERIFY\n' + CERT + OCSP],
  ['anchors', 'VERIFY\n' + CERT + 'anchors:\n' + CERT],
  ['status', 'STATUS'],
])('without the permission %s the request is refused and named', (permission, text) => {
  const others = ALL.filter((name) => name !== permission);
  const [answer] = told(send(open(others), `${text}\n.\n`));
  expect(answer).toMatch(/^- error NOT_PERMITTED /);
  expect(answer).toContain(`must name ${permission}`);
});

test('a run of garbage gets one error, and a command ends it', () => {
  expect(told(send(open(), `EHLO host.example\nHost: x\nAccept: y\n\nPING\n`))).toEqual([
    expect.stringMatching(/^- error UNKNOWN_COMMAND .*EHLO/),
    'PONG\n',
  ]);
});

test.each([
  ['a form', 'POST / HTTP/1.1\r\nHost: 127.0.0.1:15280\r\nContent-Type: text/plain\r\n\r\n'],
  ['a fetch', 'GET /?VERIFY HTTP/1.1\r\n'],
  ['a preflight', 'OPTIONS * HTTP/1.1\r\n'],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['a method of its own', 'verify / HTTP/1.1\r\n'],
  ['a form behind garbage', 'x\nPOST / HTTP/1.1\n'],
])(
  'what a web page has a browser send, %s, closes the connection, and its body is not answered',
  (_, head) => {
    const session = open();
    const events = send(session, `${head}PING\nSTATUS\nVERIFY id=a\n${CERT}.\n`);
    expect(events.at(-1)).toEqual({ kind: 'close' });
    expect(told(events.slice(0, -1)).join('')).not.toMatch(/PONG|^a /m);
    expect(send(session, 'PING\n')).toEqual([]);
  },
);

test('letters without a newline are dropped as they come, and their error is given at once', () => {
  const session = open();
  const first = send(session, 'a'.repeat(1000));
  expect(told(first)).toEqual([expect.stringMatching(/^- error LINE_TOO_LONG/)]);
  expect(send(session, 'a'.repeat(100_000))).toEqual([]);
  expect(session.midRequest).toBe(true);
  expect(told(send(session, '\nPING\n'))).toEqual(['PONG\n']);
});

test('an end before the terminator is INCOMPLETE, between requests it is silent', () => {
  const half = open();
  send(half, `VERIFY id=9\n${CERT}`);
  expect(half.midRequest).toBe(true);
  expect(told(half.end())).toEqual([expect.stringMatching(/^9 error INCOMPLETE/)]);
  const whole = open();
  send(whole, `VERIFY\n${CERT}.\n`);
  expect(whole.midRequest).toBe(false);
  expect(whole.end()).toEqual([]);
  const word = open();
  send(word, 'PIN');
  expect(told(word.end())).toEqual([expect.stringMatching(/^- error INCOMPLETE/)]);
});

test.each(['\n', '\u0085', '\u2028', '\u202e'])('nothing in a verdict can end its line: %j', (end) => {
  const [event] = send(open(), `VERIFY id=q\n${CERT}.\n`);
  if (event?.kind !== 'task') throw new Error('no task');
  const verdict = {
    status: 'invalid',
    code: 'EXPIRED',
    message: `CN=a${end}q valid OK {}`,
    subject: `CN=a${end}q valid OK {}`,
    path: ['ab'],
  };
  const line = event.answer({ kind: 'done', body: encode({ verdict }) }).bytes.toString();
  expect(line).toMatch(/^q invalid EXPIRED [\x20-\x7e]+\n$/);
  expect(JSON.parse(line.slice('q invalid EXPIRED '.length))).toEqual(verdict);
});

test('an outcome becomes one line: verdict, refusal, or failure', () => {
  const [event] = send(open(), `VERIFY id=q\n${CERT}.\n`);
  if (event?.kind !== 'task') throw new Error('no task');
  const verdict = { status: 'valid', code: 'OK', path: ['ab'] };
  const done = event.answer({ kind: 'done', body: encode({ verdict }) });
  expect(done.bytes.toString()).toBe(`q valid OK ${JSON.stringify(verdict)}\n`);
  expect(done.log()).toEqual({ status: 'valid', code: 'OK', leaf: 'ab' });
  const refused = event.answer({ kind: 'done', body: encode({ refused: { code: 'X', message: 'why' } }) });
  expect(refused.bytes.toString()).toBe('q error X {"message":"why"}\n');
  const late = event.answer({ kind: 'failed', code: 'TIMEOUT', message: 'late' });
  expect(late.bytes.toString()).toMatch(
    /^q indeterminate TIMEOUT \{"status":"indeterminate","code":"TIMEOUT"/,
  );
  const busy = event.answer({ kind: 'failed', code: 'BUSY', message: 'full', retryAfter: 100 });
  expect(busy.bytes.toString()).toBe('q error BUSY {"message":"full","retryAfter":100}\n');
});

test('STATUS is one line a value with a lone dot at the end', () => {
  const [event] = send(open(), 'STATUS\n');
  if (event?.kind !== 'status') throw new Error('no status event');
  const text = event.answer({ state: 'running', workers: [{ pid: 4 }] }).toString();
  expect(text).toBe('state running\nworkers.0.pid 4\n.\n');
  expect(event.answer(null).toString()).toMatch(/^- error STATUS_UNAVAILABLE /);
});

test('HELP ends with a lone dot and its commands all exist', () => {
  const [help] = told(send(open(), 'HELP\n'));
  expect(help).toMatch(/\n\.\n$/);
  for (const command of ['PING', 'STATUS', 'HELP', 'QUIT']) {
    expect(help).toContain(`\n${command} `);
    expect(told(send(open(), `${command}\n`))[0]).not.toMatch(/UNKNOWN_COMMAND/);
  }
});

test('beyond the pipelining limit and past a deadline the request is named', () => {
  const session = open();
  const [event] = send(session, `VERIFY id=z\n${CERT}.\nVERIFY id=y\n`);
  if (!event) throw new Error('no event');
  expect(session.tooManyPipelined?.(event, 4).toString()).toMatch(/^z error PIPELINE_LIMIT .*at most 4/);
  expect(session.timedOut('request').toString()).toMatch(/^y error DEADLINE .*requestTimeout/);
});

test('a line full of names costs a look at each, not at each pair of them', () => {
  const names = 500_000;
  const session = open(ALL, { ...LIMITS, maxLine: 16 * 1024 * 1024 });
  const words = Array.from({ length: names }, (_, n) => `host=${n}`);
  // Copied anew for each word, this many would take minutes.
  const [event] = send(session, `VERIFY ${words.join(' ')}\n${CERT}.\n`);
  expect(requestOf(event).hosts).toHaveLength(names);
});

test('an unfinished request that is given up is answered once, and the connection goes on behind it', () => {
  const session = open();
  send(session, `VERIFY id=a\n${CERT}`);
  expect(session.held).toBe(CERT.length);
  expect(session.giveUp?.().toString()).toMatch(/^a error BUSY \{.*request\.maxHeld.*"retryAfter":1000\}\n$/);
  expect(session.held).toBe(0);
  expect(told(send(session, `${CERT}.\nPING\n`))).toEqual(['PONG\n']);
});

test('an unfinished line counts with the memory that it takes, in whatever state and pieces it comes', () => {
  for (const before of ['', 'VERIFY id=a\n', `VERIFY id=a\n${CERT}`, 'nonsense\n']) {
    const session = open(ALL, { ...LIMITS, maxLine: 65_536, maxSize: 1 << 20 });
    send(session, before);
    const heldBefore = session.held ?? 0;
    for (let n = 0; n < 60_000; n++) session.receive(Buffer.from('A'));
    const held = (session.held ?? 0) - heldBefore;
    expect(held).toBeGreaterThanOrEqual(60_000);
    expect(held).toBeLessThanOrEqual(65_536);
    send(session, '\n');
    expect(session.held).toBeLessThanOrEqual(heldBefore + 60_001);
  }
});

test('an unfinished line that is given up is answered once, and what belongs to it is dropped', () => {
  const id = open();
  send(id, `VERIFY id=a\n${CERT}AAAA`);
  expect(id.giveUp?.().toString()).toMatch(/^a error BUSY /);
  expect(id.held).toBe(0);
  expect(told(send(id, `AAAA\n${CERT}.\nPING\n`))).toEqual(['PONG\n']);

  const command = open();
  send(command, 'VERIFY id=b purpose=serv');
  expect(command.giveUp?.().toString()).toMatch(/^- error BUSY /);
  expect(command.held).toBe(0);
  expect(told(send(command, `erAuth\n${CERT}.\nPING\n`))).toEqual(['PONG\n']);
});

test.each(['.', '.\r'])('a terminator of which only %j is here ends a request that is given up', (begun) => {
  const session = open();
  send(session, `VERIFY id=a\n${CERT}${begun}`);
  expect(session.giveUp?.().toString()).toMatch(/^a error BUSY /);
  expect(session.held).toBe(0);
  expect(told(send(session, '\nPING\n'))).toEqual(['PONG\n']);
});

test('of a request that is skipped no line is held, and its end is seen in any pieces', () => {
  const session = open();
  send(session, `VERIFY id=a\n${CERT}`);
  session.giveUp?.();
  for (let n = 0; n < 150; n++) session.receive(Buffer.from('A'));
  expect(session.held).toBe(0);
  expect(told(['\n', '.', '\r', '\n', 'PING\n'].flatMap((piece) => send(session, piece)))).toEqual([
    'PONG\n',
  ]);
});
