import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { lineProtocol } from '../../src/protocol/line.js';
import { checkVerifyBody } from '../../src/protocol/msgpack-body.js';
import { decodeTrusted, encode } from '../../src/wire/codec.js';
import type { RequestLimits, SessionEvent } from '../../src/wire/protocol.js';
import type { VerifyRequest } from '../../src/wire/request.js';

const LIMITS: RequestLimits = { maxLine: 2000, maxSize: 4096, maxCertificates: 3, maxCrls: 1 };
const permits = new Set(['profiles', 'revocation']);
const PEM = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n.\n';

/** Octets that are not UTF-8 (RFC 3629 §3), each of them text in Latin-1. */
const NOT_UTF8: readonly (readonly [what: string, octets: Buffer])[] = [
  ['Latin-1', Buffer.from('perú.example', 'latin1')],
  ['a continuation without its beginning', Buffer.of(0x61, 0xba)],
  ['half a character', Buffer.of(0x61, 0xc3)],
  ['half a character before another one', Buffer.of(0xe2, 0x82, 0x61)],
  ['an overlong form', Buffer.of(0xc1, 0xa5)],
  ['an overlong form of three octets', Buffer.of(0xe0, 0x81, 0xa5)],
  ['a surrogate', Buffer.of(0xed, 0xa0, 0x80)],
  ['a code point beyond Unicode', Buffer.of(0xf4, 0x90, 0x80, 0x80)],
  ['an octet that UTF-8 never has', Buffer.of(0xff)],
];

function lineEvents(...argument: readonly (string | Buffer)[]): readonly SessionEvent[] {
  const session = lineProtocol.open({ limits: LIMITS, maxInFlight: 64, permits });
  const parts = ['VERIFY id=7 ', ...argument, `\n${PEM}PING\n`];
  return session.receive(Buffer.concat(parts.map((part) => Buffer.from(part))));
}

function asked(event: SessionEvent | undefined): VerifyRequest {
  if (event?.kind !== 'task') throw new Error('it was refused');
  return decodeTrusted<VerifyRequest>(event.task.body);
}

test.each(['host', 'email', 'ip', 'profile', 'purpose', 'revocation', 'at', 'nonsense'])(
  '%s= in a line is UTF-8: what is not is refused under the id, and the connection goes on',
  (key) => {
    for (const [what, octets] of NOT_UTF8) {
      const [refusal, pong] = lineEvents(`${key}=`, octets);
      const text = refusal?.kind === 'reply' ? refusal.bytes.toString('latin1') : '';
      expect([what, text]).toEqual([
        what,
        expect.stringMatching(/^7 error (?:BAD_ARGUMENT|NOT_PERMITTED) [ -~]+\n$/),
      ]);
      expect(pong).toMatchObject({ kind: 'reply', bytes: Buffer.from('PONG\n') });
    }
  },
);

test('characters beyond ASCII in a line are those that were sent', () => {
  expect(asked(lineEvents('host=perú.example email=jörg@bücher.example')[0])).toMatchObject({
    hosts: ['perú.example'],
    emails: ['jörg@bücher.example'],
  });
  const word = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 40 })
    .filter((text) => !/[ \n\r\0\p{Cs}]/u.test(text));
  fc.assert(
    fc.property(word, (text) => {
      expect(asked(lineEvents(`host=${text}`)[0]).hosts).toEqual([text]);
    }),
  );
});

/** A body in which one text is these octets. */
function bodyWith(fields: (placeholder: string) => object, octets: Buffer): Buffer {
  const placeholder = '!'.repeat(octets.length);
  const body = encode({ certificates: [Buffer.from('x')], ...fields(placeholder) });
  octets.copy(body, body.indexOf(placeholder));
  return body;
}

test.each([
  ['hosts', (text: string) => ({ hosts: ['a.example', text] })],
  ['emails', (text: string) => ({ emails: [text] })],
  ['ips', (text: string) => ({ ips: [text] })],
  ['profile', (text: string) => ({ profile: text })],
  ['purpose', (text: string) => ({ purpose: text })],
  ['policy.initial', (text: string) => ({ policy: { initial: [text] } })],
])('%s in a msgpack body is UTF-8: what is not is refused', (_field, fields) => {
  for (const [what, octets] of NOT_UTF8) {
    const check = (): void => checkVerifyBody(bodyWith(fields, octets), { limits: LIMITS, permits });
    expect([what, check]).toEqual([what, expect.any(Function)]);
    expect(check).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENT' }));
  }
  const body = bodyWith(fields, Buffer.from('perú'));
  expect(() => checkVerifyBody(body, { limits: LIMITS, permits })).not.toThrow();
});
