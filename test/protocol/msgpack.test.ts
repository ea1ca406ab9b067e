import { expect, test } from '@jest/globals';
import { FLOAT32_OPTIONS, Packr } from 'msgpackr';
import { msgpackProtocol } from '../../src/protocol/msgpack.js';
import { decodeTrusted, encode } from '../../src/wire/codec.js';
import { encodeMessage, HEADER, MESSAGE } from '../../src/wire/message.js';
import type { RequestLimits, Session, SessionEvent, TaskEvent } from '../../src/wire/protocol.js';

const LIMITS: RequestLimits = { maxLine: 200, maxSize: 4096, maxCertificates: 3, maxCrls: 1 };
const ALL = ['profiles', 'crls', 'at', 'anchors', 'revocation', 'status'];
const CERT = Buffer.from('certificate');

function open(permits: readonly string[] = ALL): Session {
  return msgpackProtocol.open({ limits: LIMITS, maxInFlight: 64, permits: new Set(permits) });
}

function events(session: Session, ...messages: readonly Buffer[]): SessionEvent[] {
  session.receive(Buffer.concat(messages));
  const taken: SessionEvent[] = [];
  for (let event = session.next?.(); event; event = session.next?.()) {
    taken.push(event);
    if (event.kind === 'close') break;
  }
  return taken;
}

const verify = (id: number, body: unknown, deadline = 0): Buffer =>
  encodeMessage(MESSAGE.verify, id, deadline, Buffer.isBuffer(body) ? body : encode(body));

interface Told {
  readonly type: number;
  readonly id: number;
  readonly body?: {
    readonly code?: string;
    readonly refused?: { readonly code: string };
  };
}

/** What the client would read of these bytes. */
function told(bytes: Buffer): Told[] {
  const messages: Told[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at) + 4) {
    const body = bytes.subarray(at + HEADER, at + bytes.readUInt32BE(at) + 4);
    messages.push({
      type: bytes.readUInt8(at + 4),
      id: bytes.readUInt32BE(at + 8),
      ...(body.length > 0 && { body: decodeTrusted<NonNullable<Told['body']>>(body) }),
    });
  }
  return messages;
}

function reply(event: SessionEvent | undefined): Told | undefined {
  if (event?.kind !== 'reply') throw new Error(`no reply but ${event?.kind}`);
  return told(event.bytes)[0];
}

/** A task that is about to be queued. */
function task(event: SessionEvent | undefined): TaskEvent {
  if (event?.kind !== 'task') throw new Error(`no task but ${JSON.stringify(event && reply(event))}`);
  expect(event.refusal?.()).toBeUndefined();
  return event;
}

/** The code with which a body is refused; undefined when it is taken. */
function refusalOf(body: unknown, permits: readonly string[] = ALL): string | undefined {
  const [event] = events(open(permits), verify(5, body));
  if (event?.kind !== 'task') throw new Error(`no task but ${event?.kind}`);
  const refusal = event.refusal?.();
  if (!refusal) return undefined;
  const [answer] = told(refusal);
  expect([answer?.type, answer?.id]).toEqual([MESSAGE.answer, 5]);
  return answer?.body?.refused?.code;
}

test('the greeting says version, limits and permissions', () => {
  const [greeting] = told(open(['crls']).greeting ?? Buffer.alloc(0));
  expect(greeting).toEqual({
    type: MESSAGE.greeting,
    id: 0,
    body: {
      protocol: 'pkixd',
      version: 1,
      server: expect.stringMatching(/^\d+\.\d+\.\d+/),
      permits: ['crls'],
      limits: { maxSize: 4096, maxInFlight: 64, maxCertificates: 3, maxCrls: 1 },
    },
  });
});

test('the body of a VERIFY becomes the task byte for byte, with its deadline', () => {
  const body = encode({ certificates: [CERT], hosts: ['a.example'] });
  const [event] = events(open(), verify(9, body, 250));
  expect(task(event).task).toMatchObject({ name: 'verify', body, deadline: 250 });
  expect(task(event).label).toBe('9');
  const [without] = events(open(), verify(9, body));
  expect(task(without).task).toMatchObject({ name: 'verify', body, deadline: Infinity });
});

test('listeners that permit the same to requests share what is known, and no others', () => {
  const scopes = [['crls', 'at'], ['at', 'crls', 'status'], ['at'], ALL].map((permits) => {
    const [event] = events(open(permits), verify(1, {}));
    return event?.kind === 'task' ? event.task.scope : undefined;
  });
  expect(scopes[0]).toBe(scopes[1]);
  expect(new Set(scopes).size).toBe(3);
});

test('a listener that permits nothing shares nothing with protocols that check before there is a task', () => {
  const [event] = events(open([]), verify(1, {}));
  expect(event?.kind === 'task' ? event.task.scope : undefined).toBeGreaterThan(0);
});

test('a body that is to wait is a small part of no larger piece', () => {
  const body = { certificates: [Buffer.alloc(1000)] };
  const [first] = events(open(), ...Array.from({ length: 100 }, (_, id) => verify(id, body)));
  const before = first?.kind === 'task' ? first.task.body : Buffer.alloc(0);
  expect(task(first).task.body).toEqual(before);
  expect(task(first).task.body.buffer).not.toBe(before.buffer);
});

test('what the thread made is the body of the answer byte for byte', () => {
  const verdict = { status: 'valid', code: 'OK', path: ['ab'] };
  const event = task(events(open(), verify(7, { certificates: [CERT] }))[0]);
  const body = encode({ verdict });
  const { bytes, log } = event.answer({ kind: 'done', body });
  expect(bytes.subarray(HEADER)).toEqual(body);
  expect(told(bytes)).toEqual([{ type: MESSAGE.answer, id: 7, body: { verdict } }]);
  expect(log()).toEqual({ status: 'valid', code: 'OK', leaf: 'ab' });
});

test.each([
  ['TIMEOUT', { verdict: { status: 'indeterminate', code: 'TIMEOUT' } }],
  ['INTERNAL', { verdict: { status: 'indeterminate', code: 'INTERNAL' } }],
  ['BUSY', { refused: { code: 'BUSY', retryAfter: 100 } }],
  ['DEADLINE', { refused: { code: 'DEADLINE' } }],
  ['CANCELLED', { refused: { code: 'CANCELLED' } }],
] as const)('a task that fails with %s is answered', (code, expected) => {
  const event = task(events(open(), verify(7, { certificates: [CERT] }))[0]);
  const retry = code === 'BUSY' ? { retryAfter: 100 } : {};
  const { bytes, log } = event.answer({ kind: 'failed', code, message: 'why', ...retry });
  expect(told(bytes)[0]?.body).toMatchObject(expected);
  expect(log()).toMatchObject({ code });
});

test('PING is answered under its id', () => {
  expect(reply(events(open(), encodeMessage(MESSAGE.ping, 3, 0))[0])).toEqual({
    type: MESSAGE.pong,
    id: 3,
  });
});

test('STATUS asks the primary where the listener permits it', () => {
  const [event] = events(open(), encodeMessage(MESSAGE.status, 4, 0));
  if (event?.kind !== 'status') throw new Error('no status');
  expect(told(event.answer({ state: 'running' }))).toEqual([
    { type: MESSAGE.answer, id: 4, body: { status: { state: 'running' } } },
  ]);
  expect(told(event.answer(null))[0]?.body?.refused?.code).toBe('STATUS_UNAVAILABLE');
  const [refused] = events(open([]), encodeMessage(MESSAGE.status, 4, 0));
  expect(reply(refused)?.body?.refused?.code).toBe('NOT_PERMITTED');
});

test('CANCEL names a request that is not answered yet; of any other it does nothing', () => {
  const session = open();
  const cancel = encodeMessage(MESSAGE.cancel, 1, 0);
  expect(events(session, cancel)).toEqual([]);
  const event = task(events(session, verify(1, { certificates: [CERT] }))[0]);
  expect(events(session, cancel)).toEqual([{ kind: 'cancel', of: event }]);
  event.answer({ kind: 'failed', code: 'CANCELLED', message: '' });
  expect(events(session, cancel)).toEqual([]);
});

test('an id may be used again once it is answered, and not before', () => {
  const session = open();
  const first = task(events(session, verify(1, { certificates: [CERT] }))[0]);
  first.answer({ kind: 'done', body: encode({}) });
  task(events(session, verify(1, { certificates: [CERT] }))[0]);
  const [reply1, close] = events(
    session,
    verify(1, { certificates: [CERT] }),
    encodeMessage(MESSAGE.ping, 1, 0),
  );
  expect(reply(reply1)).toMatchObject({ type: MESSAGE.goAway, body: { code: 'DUPLICATE_ID' } });
  expect(close).toEqual({ kind: 'close' });
});

test('bytes that are no message are told and end the connection, whatever follows', () => {
  const session = open();
  const [goAway, close] = events(session, Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  expect(reply(goAway)).toMatchObject({ type: MESSAGE.goAway, body: { code: 'BAD_MESSAGE' } });
  expect(close).toEqual({ kind: 'close' });
});

test('a body beyond request.maxSize is refused before it is here, and the next request is read', () => {
  const session = open();
  const large = verify(8, Buffer.alloc(5000));
  const [refused] = events(session, large.subarray(0, 20));
  expect(reply(refused)?.body?.refused?.code).toBe('REQUEST_TOO_LARGE');
  expect(session.midRequest).toBe(true);
  const [next] = events(session, large.subarray(20), verify(9, { certificates: [CERT] }));
  expect(task(next).label).toBe('9');
});

test('an end in the middle of a message is INCOMPLETE, one between messages is silent', () => {
  expect(open().end()).toEqual([]);
  const session = open();
  events(session, verify(6, { certificates: [CERT] }).subarray(0, 20));
  const [event] = session.end();
  expect(reply(event)).toMatchObject({ id: 6, body: { refused: { code: 'INCOMPLETE' } } });
});

test('a deadline of the connection names the request that was not whole, then says goodbye', () => {
  expect(told(open().timedOut('idle'))).toMatchObject([{ type: MESSAGE.goAway, body: { code: 'DEADLINE' } }]);
  const session = open();
  events(session, verify(6, { certificates: [CERT] }).subarray(0, 20));
  expect(told(session.timedOut('request'))).toMatchObject([
    { type: MESSAGE.answer, id: 6, body: { refused: { code: 'DEADLINE' } } },
    { type: MESSAGE.goAway, body: { code: 'DEADLINE' } },
  ]);
});

test('an unfinished request is given up with BUSY, and the rest of it dropped', () => {
  const session = open();
  const message = verify(6, { certificates: [Buffer.alloc(1000)] });
  events(session, message.subarray(0, 20));
  expect(session.held).toBe(message.length);
  expect(told(session.giveUp?.() ?? Buffer.alloc(0))).toMatchObject([
    { id: 6, body: { refused: { code: 'BUSY', retryAfter: 1000 } } },
  ]);
  expect(session.held).toBe(0);
  const [next] = events(session, message.subarray(20), verify(7, { certificates: [CERT] }));
  expect(task(next).label).toBe('7');
});

test('a client that is refused, or asked to go, gets a GOAWAY', () => {
  expect(told(msgpackProtocol.busy(1500))).toMatchObject([
    { type: MESSAGE.goAway, body: { code: 'BUSY', retryAfter: 1500 } },
  ]);
  const session = open();
  const words = (['drain', 'rebalance'] as const).map((reason) => session.leave?.(reason) ?? Buffer.alloc(0));
  expect(words.map((bytes) => told(bytes)[0]?.body?.code)).toEqual(['DRAIN', 'REBALANCE']);
});

// ── Bodies ────────────────────────────────────────────────────────────────────────────────────────────────────

test('every field of a request is taken, in whatever form msgpack writes it', () => {
  const request = {
    certificates: [CERT, CERT],
    crls: [CERT],
    ocsp: [],
    anchors: [CERT],
    profile: 'rfc5280',
    purpose: 'serverAuth',
    hosts: ['a.example', `${'x'.repeat(300)}.example`],
    ips: ['192.0.2.1'],
    emails: [],
    at: 1_774_958_400_000,
    revocation: 'off',
    policy: { initial: ['1.2.3'], inhibitMapping: true, explicit: false, inhibitAny: null },
  };
  expect(refusalOf(request)).toBeUndefined();
  for (const at of [0, -1, 127, 255, 65_535, 2 ** 31, -(2 ** 31), 2n ** 60n, 1.5, null]) {
    expect(refusalOf({ certificates: [CERT], at })).toBeUndefined();
  }
  const [event] = events(open(), verify(1, request));
  expect(decodeTrusted(task(event).task.body)).toEqual(request);
});

test.each([
  ['profiles', { profile: 'x' }],
  ['at', { at: 0 }],
  ['anchors', { anchors: [] }],
  ['crls', { crls: [CERT] }],
  ['crls', { ocsp: [CERT] }],
  ['revocation', { revocation: 'off' }],
])('a listener without %s in its permits refuses what needs it', (permission, fields) => {
  expect(refusalOf({ certificates: [CERT], ...fields }, ALL)).toBeUndefined();
  const others = ALL.filter((word) => word !== permission);
  expect(refusalOf({ certificates: [CERT], ...fields }, others)).toBe('NOT_PERMITTED');
});

test('fields without a value ask for nothing, and need no permission', () => {
  const nothing = { profile: null, at: null, anchors: null, revocation: null, crls: [] };
  expect(refusalOf({ certificates: [CERT], ...nothing }, [])).toBeUndefined();
});

const PAIR = Buffer.from([0xa1, 0x61, 0xc0]);

test.each([
  ['nothing', Buffer.alloc(0), 'BAD_BODY'],
  ['no map', encode([1]), 'BAD_BODY'],
  ['bytes behind the map', Buffer.concat([encode({ certificates: [CERT] }), Buffer.from([0])]), 'BAD_BODY'],
  ['no certificate', encode({}), 'NO_CERTIFICATE'],
  ['an empty list of certificates', encode({ certificates: [] }), 'NO_CERTIFICATE'],
  ['too many certificates', encode({ certificates: [CERT, CERT, CERT, CERT] }), 'TOO_MANY_CERTIFICATES'],
  [
    'too many with the anchors',
    encode({ certificates: [CERT, CERT], anchors: [CERT, CERT] }),
    'TOO_MANY_CERTIFICATES',
  ],
  ['too many CRLs', encode({ certificates: [CERT], crls: [CERT, CERT] }), 'TOO_MANY_CRLS'],
  [
    'too many CRLs with the OCSP responses',
    encode({ certificates: [CERT], crls: [CERT], ocsp: [CERT] }),
    'TOO_MANY_CRLS',
  ],
  ['an unknown field', encode({ certificates: [CERT], revokation: 'hard' }), 'BAD_ARGUMENT'],
  ['an unknown field of policy', encode({ certificates: [CERT], policy: { initials: [] } }), 'BAD_ARGUMENT'],
  ['a field of an object prototype', Buffer.from('81a95f5f70726f746f5f5f80', 'hex'), 'BAD_ARGUMENT'],
  ['a field twice', Buffer.from('82a27470a0a27470a0', 'hex'), 'BAD_ARGUMENT'],
  ['a known field twice', Buffer.from('82a3697073c0a3697073c0', 'hex'), 'BAD_ARGUMENT'],
  ['a key that is no string', Buffer.from('8101c0', 'hex'), 'BAD_BODY'],
  [
    'an extension type for a certificate',
    Buffer.from('81ac63657274696669636174657391c70405deadbeef', 'hex'),
    'BAD_BODY',
  ],
  ['a timestamp for at', Buffer.from('81a26174d6ff00000000', 'hex'), 'BAD_BODY'],
  ['a text for a certificate', encode({ certificates: ['PEM'] }), 'BAD_BODY'],
  ['a number for a host', encode({ certificates: [CERT], hosts: [1] }), 'BAD_BODY'],
  ['a text for a list', encode({ certificates: [CERT], hosts: 'a.example' }), 'BAD_BODY'],
  ['a text for a truth value', encode({ certificates: [CERT], policy: { explicit: 'no' } }), 'BAD_BODY'],
  [
    'a list deep within lists',
    Buffer.concat([Buffer.from('81a5686f737473', 'hex'), Buffer.alloc(3000, 0x91)]),
    'BAD_BODY',
  ],
  [
    'more names than one may give',
    encode({ certificates: [CERT], ips: Array(1025).fill('') }),
    'BAD_ARGUMENT',
  ],
  ['a map that announces 4 billion pairs', Buffer.from('dfffffffff', 'hex'), 'BAD_BODY'],
  [
    'a map of a thousand pairs',
    Buffer.concat([Buffer.from('de03e8', 'hex'), ...Array<Buffer>(1000).fill(PAIR)]),
    'BAD_BODY',
  ],
  [
    'a list that announces 4 billion items',
    Buffer.from('81ac636572746966696361746573ddffffffff', 'hex'),
    'TOO_MANY_CERTIFICATES',
  ],
  [
    'a byte string longer than the body',
    Buffer.from('81ac63657274696669636174657391c6ffffffff', 'hex'),
    'BAD_BODY',
  ],
  ['a string longer than the body', Buffer.from('81dbffffffff', 'hex'), 'BAD_BODY'],
])('a body with %s is refused, and the connection stays', (_, body, code) => {
  expect(refusalOf(body)).toBe(code);
});

test('a body is refused cut short at any place', () => {
  const body = encode({ certificates: [CERT], at: 5, policy: { initial: ['1.2.3'], explicit: true } });
  for (let end = 0; end < body.length; end++) expect(refusalOf(body.subarray(0, end))).toBeDefined();
});

test('another implementation of msgpack, with its own choice of forms, is understood', () => {
  const packr = new Packr({ useRecords: false, variableMapSize: true, useFloat32: FLOAT32_OPTIONS.ALWAYS });
  expect(refusalOf(packr.pack({ certificates: [CERT], at: 1.5 }))).toBeUndefined();
});
