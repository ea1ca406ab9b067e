import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { crlProxyProtocol } from '../../src/protocol/crl-proxy.js';
import { decodeTrusted, encode } from '../../src/wire/codec.js';
import type { CrlProxyAnswer, CrlProxyRequest } from '../../src/wire/crl-proxy.js';
import type { Answer, Session, SessionEvent, TaskEvent } from '../../src/wire/protocol.js';
import type { TaskOutcome } from '../../src/wire/task.js';

const LIMITS = { maxLine: 200, maxSize: 4096, maxCertificates: 3, maxCrls: 1 };
const URL = 'http://crl.example/a.crl';
const THIS_UPDATE = Date.UTC(2026, 0, 2, 3, 4, 5);
const CRL: Extract<CrlProxyAnswer, { kind: 'crl' }> = {
  kind: 'crl',
  via: 'pkixd-1',
  path: '/store/7.der',
  size: 3,
  version: 'v7',
  thisUpdate: THIS_UPDATE,
  age: 61_900,
  lifetime: 3_600_000,
};

const protocol = crlProxyProtocol(() => ({
  open: () => true,
  next: () => undefined,
  close: () => undefined,
}));
const open = (): Session => protocol.open({ limits: LIMITS, maxInFlight: 64, permits: new Set() });

/** Every event that the bytes make, with what the client's end adds. */
function eventsOf(chunks: readonly (string | Buffer)[], session = open()): SessionEvent[] {
  const events: SessionEvent[] = [];
  for (const chunk of chunks) {
    session.receive(Buffer.from(chunk));
    for (let event = session.next?.(); event !== undefined; event = session.next?.()) events.push(event);
  }
  return [...events, ...session.end()];
}

function told(events: readonly SessionEvent[]): string[] {
  return events.map((event) => {
    if (event.kind === 'reply') return event.bytes.toString().split('\r\n', 1)[0] ?? '';
    return event.kind === 'task' ? `task ${event.label}` : event.kind;
  });
}

function ask(head: string, answer: CrlProxyAnswer = CRL): Answer {
  const [event] = eventsOf([`${head}\r\n\r\n`]);
  if (event?.kind !== 'task') throw new Error(`no task but ${JSON.stringify(event)}`);
  return event.answer({ kind: 'done', body: encode(answer) });
}

const get = (...fields: readonly string[]): string =>
  [`GET ${URL} HTTP/1.1`, 'Host: crl.example', ...fields].join('\r\n');

test('a request becomes a task with its URL and what it says of caches and proxies', () => {
  const [event] = eventsOf([`${get('Via: 1.0 a, 1.1 b', 'Cache-Control: No-Cache')}\r\n\r\n`]);
  if (event?.kind !== 'task') throw new Error('no task');
  expect(decodeTrusted<CrlProxyRequest>(event.task.body)).toEqual({
    url: URL,
    via: '1.0 a, 1.1 b',
    revalidate: true,
    onlyStored: false,
  });
});

test('requests cut at any place are the same requests', () => {
  const text = `\r\n${get()}\r\n\r\n${get('Connection: close')}\r\n\r\nGET rest`;
  const whole = told(eventsOf([text]));
  expect(whole).toEqual([`task ${URL}`, `task ${URL}`, 'close']);
  fc.assert(
    fc.property(fc.array(fc.nat(text.length), { maxLength: 6 }), (cuts) => {
      const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
      const chunks = places.slice(1).map((place, n) => text.slice(places[n], place));
      expect(told(eventsOf(chunks))).toEqual(whole);
    }),
  );
});

test('a CRL is answered with validators, its age and how long it is fresh; the bytes follow', () => {
  const { bytes, rest } = ask(get());
  const [, date = ''] = /^Date: (.*)\r\n/m.exec(bytes.toString()) ?? [];
  // When its source gave it.
  expect(Math.abs(Date.parse(date) + CRL.age - Date.now())).toBeLessThan(60_000);
  expect(Date.now() - Date.parse(date)).toBeGreaterThanOrEqual(61_000);
  expect(bytes.toString().replace(/^Date: .*\r\n/m, '')).toBe(
    [
      'HTTP/1.1 200 OK',
      'Via: 1.1 pkixd-1',
      'ETag: "v7"',
      'Last-Modified: Fri, 02 Jan 2026 03:04:05 GMT',
      'Age: 61',
      'Cache-Control: max-age=3600',
      'Content-Type: application/pkix-crl',
      'Content-Length: 3',
      '\r\n',
    ].join('\r\n'),
  );
  expect(rest).toBeDefined();
  const head = ask(get().replace('GET', 'HEAD'));
  expect(head.bytes.toString()).toContain('Content-Length: 3');
  expect(head.rest).toBeUndefined();
});

test.each([
  ['the tag', 'If-None-Match: "v7"', 304],
  ['a weak tag in a list', 'If-None-Match: "v6", W/"v7"', 304],
  ['any tag', 'If-None-Match: *', 304],
  ['another tag', 'If-None-Match: "v6"', 200],
  ['the date', 'If-Modified-Since: Fri, 02 Jan 2026 03:04:05 GMT', 304],
  ['an earlier date', 'If-Modified-Since: Fri, 02 Jan 2026 03:04:04 GMT', 200],
  ['no date', 'If-Modified-Since: whenever', 200],
])('what the client has is told by %s', (_, field, status) => {
  const { bytes, rest } = ask(get(field));
  expect(bytes.toString()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(rest === undefined).toBe(status === 304);
});

test('another tag counts more than the date', () => {
  const fields = ['If-None-Match: "v6"', 'If-Modified-Since: Fri, 02 Jan 2027 03:04:05 GMT'];
  expect(ask(get(...fields)).bytes.toString()).toMatch(/^HTTP\/1.1 200 /);
});

test.each([
  ['a tunnel', 'CONNECT crl.example:443 HTTP/1.1\r\nHost: x', 405],
  ['a method with content', `POST ${URL} HTTP/1.1\r\nHost: x`, 405],
  ['a path of an empty host', 'GET /a.crl HTTP/1.1\r\nHost:', 400],
  ['a path without Host', 'GET /a.crl HTTP/1.0', 400],
  ['a path of a host with user information', 'GET /a.crl HTTP/1.1\r\nHost: me@crl.example', 400],
  ['https', 'GET https://crl.example/a.crl HTTP/1.1\r\nHost: x', 400],
  ['user information', 'GET http://me@crl.example/a.crl HTTP/1.1\r\nHost: x', 400],
  ['no Host', `GET ${URL} HTTP/1.1`, 400],
  ['two of Host', `GET ${URL} HTTP/1.1\r\nHost: x\r\nHost: y`, 400],
  ['content', `GET ${URL} HTTP/1.1\r\nHost: x\r\nContent-Length: 1`, 400],
  ['a coding', `GET ${URL} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked`, 400],
  ['a folded field', `GET ${URL} HTTP/1.1\r\nHost: x\r\n y`, 400],
  ['a space before the colon', `GET ${URL} HTTP/1.1\r\nHost : x`, 400],
  ['a bare LF', `GET ${URL} HTTP/1.1\nHost: x`, 400],
  ['another version', `GET ${URL} HTTP/2.0\r\nHost: x`, 400],
  ['a long head', `GET ${URL} HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(17_000)}`, 431],
  ['many fields', `GET ${URL} HTTP/1.1\r\nHost: x${'\r\nX: y'.repeat(101)}`, 431],
])('%s is refused, and the connection closed behind the answer', (_, head, status) => {
  const events = eventsOf([`${head}\r\n\r\n`, `${get()}\r\n\r\n`]);
  expect(told(events)).toEqual([expect.stringMatching(new RegExp(`^HTTP/1.1 ${status} `)), 'close']);
});

test.each([
  ['both lengths', 'Transfer-Encoding: chunked\r\nContent-Length: 0'],
  ['two lengths', 'Content-Length: 0\r\nContent-Length: 0'],
  ['a length that is none', 'Content-Length: +0'],
  ['a coding in disguise', 'Transfer-Encoding: identity'],
  ['a bare CR', 'X: a\rGET http://x/ HTTP/1.1'],
  ['a NUL', 'X: a\0b'],
  ['two hosts in one', 'Host: a, b'],
])('what two readers could take for different requests is refused: %s', (_, fields) => {
  const host = fields.startsWith('Host') ? '' : 'Host: x\r\n';
  const events = eventsOf([
    `GET ${URL} HTTP/1.1\r\n${host}${fields}\r\n\r\n0\r\n\r\nGET ${URL} HTTP/1.1\r\n`,
  ]);
  expect(told(events)).toEqual([expect.stringMatching(/^HTTP\/1.1 400 /), 'close']);
});

test('the URL counts, whatever Host says', () => {
  expect(told(eventsOf([`GET ${URL} HTTP/1.1\r\nHost: other.example\r\n\r\n`]))).toEqual([`task ${URL}`]);
});

test('a path is that of the host, as a cache writes it that takes pkixd for the server', () => {
  expect(told(eventsOf(['GET /a.crl HTTP/1.1\r\nHost: crl.example\r\n\r\n']))).toEqual([`task ${URL}`]);
});

test('lines that end in LF alone are told so at once, before the head is whole', () => {
  const session = open();
  session.receive(Buffer.from(`GET ${URL} HTTP/1.1\n`));
  const event = session.next?.();
  expect(event?.kind === 'reply' && event.bytes.toString()).toMatch(/^HTTP\/1.1 400 [^]*LF without CR/);
});

test('OPTIONS * is answered, and is the probe of the listener', () => {
  expect(protocol.probe?.isAnswer(Buffer.from('HTTP/1.1 204 No Content\r\nAllow: GET'))).toBe(false);
  const events = eventsOf([protocol.probe?.question ?? '']);
  expect(told(events)).toEqual(['HTTP/1.1 204 No Content', 'close']);
  const [answer] = events;
  expect(answer?.kind === 'reply' && protocol.probe?.isAnswer(answer.bytes)).toBe(true);
  expect(answer?.kind === 'reply' && answer.error).toBeFalsy();
  expect(protocol.probe?.isAnswer(protocol.busy(1000))).toBe(false);
  expect(told(eventsOf([`OPTIONS ${URL} HTTP/1.1\r\nHost: x\r\n\r\n`]))[0]).toMatch(/405/);
});

test('a connection that is to close says so in the last answer that it owes, and in no other', () => {
  const session = open();
  const takeTask = (): TaskEvent => {
    const event = session.next?.();
    if (event?.kind !== 'task') throw new Error('no task');
    return event;
  };
  const done: TaskOutcome = { kind: 'done', body: encode(CRL) };
  const closes = (event: TaskEvent): boolean =>
    event.answer(done).bytes.includes('\r\nConnection: close\r\n');
  session.receive(Buffer.from(`${get()}\r\n\r\n`.repeat(2)));
  const tasks = [takeTask(), takeTask()] as const;
  session.closing?.();
  expect(tasks.map(closes)).toEqual([false, true]);
  // A request begun may still be finished: then its answer is the last.
  session.receive(Buffer.from(get()));
  expect(closes(tasks[1])).toBe(false);
  session.receive(Buffer.from('\r\n\r\n'));
  const last = takeTask();
  expect([closes(tasks[1]), closes(last)]).toEqual([false, true]);
  // An error behind it is the last.
  session.receive(Buffer.from('nonsense\r\n\r\n'));
  expect(session.next?.()?.kind).toBe('reply');
  expect(closes(last)).toBe(false);
});

test('a head costs time in proportion to its length, whatever it holds', () => {
  const shapes = [' '.repeat(15_000), 'a '.repeat(7500), ','.repeat(15_000), `a${' '.repeat(15_000)}b`];
  for (let round = 0; round < 200; round++) {
    for (const shape of shapes) {
      for (const end of ['', '\0'])
        eventsOf([`GET ${URL} HTTP/1.1\r\nHost: x\r\nIf-None-Match:${shape}${end}\r\n\r\n`]);
    }
  }
});

test('a head without end is refused before it fills the memory', () => {
  const events = eventsOf([`GET ${URL} HTTP/1.1\r\n`, `X: ${'x'.repeat(20_000)}`]);
  expect(told(events)).toEqual([expect.stringMatching(/^HTTP\/1.1 431 /), 'close']);
});

test('what the thread refuses is told in words that carry nothing else', () => {
  const { bytes } = ask(get(), { kind: 'refused', via: 'pkixd-1', status: 403, message: 'no\r\nX: 1' });
  expect(bytes.toString()).toMatch(/^HTTP\/1.1 403 Forbidden\r\n[^]*\r\n\r\nno\?\?X: 1\n$/);
});

test('an outcome without a result is a 5xx, BUSY with the time to come again', () => {
  const [event] = eventsOf([`${get()}\r\n\r\n`]);
  if (event?.kind !== 'task') throw new Error('no task');
  const busy = event.answer({ kind: 'failed', code: 'BUSY', message: 'full', retryAfter: 1500 });
  expect(busy.bytes.toString()).toMatch(/^HTTP\/1.1 503 [^]*Retry-After: 2\r\n/);
  expect(protocol.busy(10).toString()).toMatch(/^HTTP\/1.1 503 [^]*Retry-After: 1\r\n[^]*Connection: close/);
});

test('HTTP/1.0 gets one answer; an end in the middle of a request is told', () => {
  expect(told(eventsOf([`GET ${URL} HTTP/1.0\r\n\r\n`]))).toEqual([`task ${URL}`, 'close']);
  expect(told(eventsOf([`GET ${URL} HT`]))).toEqual([expect.stringMatching(/^HTTP\/1.1 400 /)]);
  expect(open().timedOut('idle')).toHaveLength(0);
  expect(open().timedOut('request').toString()).toMatch(/^HTTP\/1.1 408 /);
});

test('a head that has not ended counts with the memory that it takes, and is given up with a word', () => {
  const session = open();
  for (const octet of get('X-Filler: '.padEnd(12_000, 'x'))) session.receive(Buffer.from(octet));
  expect(session.next?.()).toBeUndefined();
  expect(session.held).toBeGreaterThan(12_000);
  expect(session.held).toBeLessThanOrEqual(32_768);
  expect(session.giveUp?.().toString()).toMatch(/^HTTP\/1\.1 503 [^]*Connection: close/i);
  expect(session.held).toBe(0);
  expect(session.next?.()).toEqual({ kind: 'close' });
  expect(session.next?.()).toBeUndefined();
});

test('heads are read alike however their octets come', () => {
  const text = `\r\n${get()}\r\n\r\n\r\n${get('Via: 1.1 x')}\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n`;
  const whole = told(eventsOf([text]));
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sizes) => {
      const pieces: string[] = [];
      for (let at = 0, n = 0; at < text.length; n++) {
        const size = sizes[n % sizes.length] ?? 1;
        pieces.push(text.slice(at, at + size));
        at += size;
      }
      expect(told(eventsOf(pieces))).toEqual(whole);
    }),
  );
  expect(whole).toHaveLength(3);
});
