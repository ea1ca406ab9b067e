import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type BasicOcspResponse, parseOcspResponse } from '../../src/x509/ocsp.js';
import { OID } from '../../src/x509/oid.js';
import { X509Error } from '../../src/x509/x509-error.js';
import * as der from '../pki/der-builder.js';
import * as ext from '../pki/extensions.js';
import { createResponder, ocspRefusal, ocspResponse, singleResponse } from '../pki/ocsp.js';
import { createLeaf, createRoot } from '../pki/pki.js';

const root = createRoot();
const leaf = createLeaf(root);
const time = new Date('2026-03-04T05:06:07Z');
const later = new Date('2026-03-05T05:06:07Z');

function basicOf(bytes: Uint8Array): BasicOcspResponse {
  const response = parseOcspResponse(bytes);
  if (response.status !== 'successful') throw new Error(response.status);
  return response.basic;
}

test('a response gives its fields', () => {
  const nonce = ext.extension('1.3.6.1.5.5.7.48.1.2', der.octetString(der.raw(1, 2, 3)));
  const responder = createResponder(root);
  const bytes = ocspResponse(
    root,
    [
      singleResponse(leaf, root, { thisUpdate: time, nextUpdate: later }),
      singleResponse(leaf, root, { hash: 'sha256', nextUpdate: null, status: { date: time, reason: 1 } }),
      singleResponse(leaf, root, { status: { date: later }, extensions: [nonce] }),
      singleResponse(leaf, root, { status: 'unknown' }),
    ],
    { producedAt: later, extensions: [nonce], certificates: [responder, root], signer: responder },
  ).der;
  const basic = basicOf(bytes);
  expect(basic).toMatchObject({
    producedAt: later.getTime(),
    responses: [
      {
        certStatus: { kind: 'good' },
        thisUpdate: time.getTime(),
        nextUpdate: later.getTime(),
        extensions: [],
        certId: { hashAlgorithm: { oid: OID.sha1 } },
      },
      {
        certStatus: { kind: 'revoked', date: time.getTime(), reason: 'keyCompromise' },
        nextUpdate: null,
        certId: { hashAlgorithm: { oid: OID.sha256 } },
      },
      {
        certStatus: { kind: 'revoked', date: later.getTime(), reason: undefined },
        extensions: [{ critical: false }],
      },
      { certStatus: { kind: 'unknown' } },
    ],
    extensions: [{ oid: '1.3.6.1.5.5.7.48.1.2' }],
  });
  expect(basic.certificates.map((bytesOf) => Buffer.from(bytesOf))).toEqual([responder.der, root.der]);
  expect(Buffer.from(basic.responses[0]!.certId.serial)).toEqual(Buffer.from(leaf.serial));
  if (basic.responder.kind !== 'name') throw new Error('responder by key');
  expect(Buffer.from(basic.responder.name.der)).toEqual(Buffer.from(responder.name));
});

test('a responder is named by its name or by the hash of its key', () => {
  const byKey = basicOf(ocspResponse(root, [singleResponse(leaf, root)], { responder: 'key' }).der);
  expect(byKey.responder).toMatchObject({ kind: 'key', hash: expect.objectContaining({ length: 20 }) });
});

test.each([
  [1, 'malformedRequest'],
  [2, 'internalError'],
  [3, 'tryLater'],
  [5, 'sigRequired'],
  [6, 'unauthorized'],
])('the error status %d is %s', (number, status) => {
  expect(parseOcspResponse(ocspRefusal(number))).toEqual({ status });
});

const good = singleResponse(leaf, root, { thisUpdate: time, nextUpdate: later });
const enveloped = (basic: der.Der, type: string = OID.ocspBasic): der.Der =>
  der.sequence(der.enumerated(0), der.explicit(0, der.sequence(der.oid(type), der.octetString(basic))));
const signed = (tbs: der.Der, ...rest: readonly der.Der[]): der.Der =>
  der.sequence(tbs, der.sequence(der.oid(OID.ed25519)), der.bitString(der.raw(1)), ...rest);
const byName = der.explicit(1, root.name);
const produced = der.generalizedTime(time);
const dataOf = (...singles: readonly der.Der[]): der.Der =>
  der.sequence(byName, produced, der.sequence(...singles));
const certId = der.sequence(
  der.sequence(der.oid(OID.sha1)),
  der.octetString(der.raw(1)),
  der.octetString(der.raw(2)),
  der.integer(3),
);
const single = (...rest: readonly der.Der[]): der.Der =>
  enveloped(signed(dataOf(der.sequence(certId, ...rest))));

test('the parts that the refusals below are made of make a response', () => {
  expect(basicOf(enveloped(signed(dataOf(good)))).responses).toHaveLength(1);
  expect(basicOf(single(der.implicit(0, der.raw()), produced)).responses).toHaveLength(1);
  expect(basicOf(enveloped(signed(dataOf(good), der.explicit(0, der.sequence())))).certificates).toEqual([]);
});

test.each([
  ['nothing', der.raw()],
  ['an unused status', ocspRefusal(4)],
  ['a status beyond those of the RFC', ocspRefusal(7)],
  ['a status written as INTEGER', der.sequence(der.integer(3))],
  ['success without an answer', ocspRefusal(0)],
  [
    'an answer beside an error',
    der.sequence(
      der.enumerated(3),
      der.explicit(0, der.sequence(der.oid(OID.ocspBasic), der.octetString(signed(dataOf(good))))),
    ),
  ],
  ['another type of answer', enveloped(signed(dataOf(good)), '1.2.3')],
  ['something behind it', Buffer.concat([enveloped(signed(dataOf(good))), der.raw(0)])],
  ['something behind the answer', enveloped(Buffer.concat([signed(dataOf(good)), der.raw(0)]))],
  [
    'version 1 written out',
    enveloped(signed(der.sequence(der.explicit(0, der.integer(0)), byName, produced, der.sequence(good)))),
  ],
  [
    'version 2',
    enveloped(signed(der.sequence(der.explicit(0, der.integer(1)), byName, produced, der.sequence(good)))),
  ],
  ['no responder', enveloped(signed(der.sequence(produced, der.sequence(good))))],
  ['a producedAt in UTCTime', enveloped(signed(der.sequence(byName, der.utcTime(time), der.sequence(good))))],
  ['no single response', enveloped(signed(dataOf()))],
  ['65 single responses', enveloped(signed(dataOf(...Array.from({ length: 65 }, () => good))))],
  [
    '33 certificates',
    enveloped(
      signed(dataOf(good), der.explicit(0, der.sequence(...Array.from({ length: 33 }, () => root.der)))),
    ),
  ],
  [
    'certificates that are no SEQUENCE',
    enveloped(signed(dataOf(good), der.explicit(0, der.sequence(der.derNull())))),
  ],
  ['a good status that says something', single(der.implicit(0, der.raw(1)), produced)],
  ['a status beyond unknown', single(der.implicit(3, der.raw()), produced)],
  ['a revocation without its time', single(der.explicit(1), produced)],
  [
    'a reason that is an INTEGER',
    single(der.explicit(1, produced, der.explicit(0, der.integer(1))), produced),
  ],
  ['a thisUpdate in UTCTime', single(der.implicit(0, der.raw()), der.utcTime(time))],
  ['no thisUpdate', single(der.implicit(0, der.raw()))],
  ['empty extensions', single(der.implicit(0, der.raw()), produced, der.explicit(1, der.sequence()))],
  [
    'something behind the extensions',
    single(
      der.implicit(0, der.raw()),
      produced,
      der.explicit(1, der.sequence(ext.extension('1.2.3', der.derNull()))),
      der.derNull(),
    ),
  ],
])('%s is malformed', (_what, bytes) => {
  expect(() => parseOcspResponse(bytes)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
});

test('the same extension twice is refused', () => {
  const twice = [1, 2].map((value) => ext.extension('1.2.3', der.integer(value)));
  const bytes = ocspResponse(root, [good], { extensions: twice }).der;
  expect(() => parseOcspResponse(bytes)).toThrow(expect.objectContaining({ code: 'DUPLICATE_EXTENSION' }));
});

test('cut off anywhere it is refused, and changed anywhere it is read or refused', () => {
  const bytes = ocspResponse(
    root,
    [good, singleResponse(leaf, root, { status: { date: time, reason: 4 } })],
    {
      certificates: [root],
    },
  ).der;
  for (let length = 0; length < bytes.length; length++) {
    expect(() => parseOcspResponse(bytes.subarray(0, length))).toThrow(X509Error);
  }
  fc.assert(
    fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const changed = Buffer.from(bytes);
      changed[at]! ^= flip;
      try {
        parseOcspResponse(changed);
      } catch (error) {
        expect(error).toBeInstanceOf(X509Error);
      }
    }),
  );
});
