import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { OID } from '../../../src/x509/oid.js';
import * as der from '../../pki/der-builder.js';
import * as ext from '../../pki/extensions.js';
import { inheritingKey, newKey } from '../../pki/keys.js';
import { createResponder, noCheck, type OcspOptions } from '../../pki/ocsp.js';
import {
  type CertificateOptions,
  createCertificate,
  createIntermediate,
  createLeaf,
  type Issued,
} from '../../pki/pki.js';
import { crl, hours, intermediate, leaf, root } from '../crl-scene.js';
import { codeOf, codeWith, judge, respond, response, single } from '../ocsp-scene.js';
import { ask } from '../scene.js';

/** A good response on the leaf, signed by the delegate and sent with its certificate. */
const by = (signer: Issued, options: OcspOptions = {}): Buffer =>
  response({}, { signer, certificates: [signer], ...options });
const responder = createResponder(intermediate);
const purpose = ext.extendedKeyUsage(OID.ocspSigning);
/** Without nocheck: its own status is asked. */
const checked = createResponder(intermediate, { extensions: [purpose] });

test('the issuer itself may sign, named by its name or by its key', () => {
  expect(codeWith(response({}, { responder: 'name' }))).toBe('OK');
  expect(codeWith(response({}, { responder: 'key' }))).toBe('OK');
  expect(codeWith(response({}, { certificates: [intermediate] }))).toBe('OK');
});

test('so may a responder that it certified, whose certificate comes with the response or the request', () => {
  expect(codeWith(by(responder))).toBe('OK');
  expect(codeWith(by(responder, { responder: 'key' }))).toBe('OK');
  expect(codeWith(by(responder, { certificates: [root, leaf, responder] }))).toBe('OK');
  expect(codeOf({ ocsp: [by(responder, { certificates: [] })], others: [responder] })).toBe('OK');
  expect(codeWith(by(responder, { certificates: [] }))).toBe('OCSP_UNUSABLE');
  const namesake = createResponder(intermediate);
  expect(codeWith(by(responder, { certificates: [namesake, responder] }))).toBe('OK');
  const revoking = response(
    { status: { date: hours(-2) } },
    { signer: responder, certificates: [responder] },
  );
  expect(codeWith(revoking)).toBe('REVOKED');
});

test('the verdict lasts no longer than the responder', () => {
  const brief = createResponder(intermediate, { notAfter: hours(0.5) });
  expect(judge({ ocsp: [by(brief)] }).validUntil).toBe(hours(0.5).toISOString());
});

test.each<[string, CertificateOptions]>([
  ['it has no extKeyUsage', { extensions: [noCheck()] }],
  ['its extKeyUsage is that of a server', { extensions: [ext.extendedKeyUsage(OID.serverAuth), noCheck()] }],
  ['it may do anything', { extensions: [ext.extendedKeyUsage(OID.anyExtendedKeyUsage), noCheck()] }],
  [
    'its keyUsage allows no signatures',
    { extensions: [ext.keyUsage('keyEncipherment'), purpose, noCheck()] },
  ],
  ['it has expired', { notAfter: hours(-0.1) }],
  ['it is not valid yet', { notBefore: hours(0.1) }],
  ['its own signature is wrong', { breakSignature: true }],
  [
    'it has an unknown critical extension',
    { extensions: [purpose, noCheck(), ext.extension('1.2.3', der.derNull(), true)] },
  ],
  [
    'one of its extensions is broken',
    { extensions: [purpose, noCheck(), ext.extension(OID.keyUsage, der.derNull())] },
  ],
])('a responder does not serve when %s', (_why, options) => {
  const bad = createResponder(intermediate, options);
  expect(codeWith(by(bad))).toBe('OCSP_UNUSABLE');
  const revoking = response({ status: { date: hours(-2) } }, { signer: bad, certificates: [bad] });
  expect(codeWith(revoking)).toBe('OCSP_UNUSABLE');
  expect(codeOf({ ocsp: [revoking], stored: [crl(intermediate)] })).toBe('OK');
});

test('the key that issued the certificate must have issued the responder, and no other of its CA', () => {
  const rekeyed = createIntermediate(root);
  expect(codeOf({ ocsp: [by(createResponder(rekeyed))], others: [rekeyed] })).toBe('OCSP_UNUSABLE');
  expect(codeOf({ ocsp: [by(createResponder(root))] })).toBe('OCSP_UNUSABLE');
  const below = createIntermediate(intermediate, { subject: 'Below' });
  expect(codeOf({ ocsp: [by(createResponder(below))], others: [below] })).toBe('OCSP_UNUSABLE');
  // The other key of the issuer's name does not answer for this one either.
  const options = { signer: rekeyed, certificates: [rekeyed] };
  expect(codeOf({ ocsp: [response({}, options)], others: [rekeyed] })).toBe('OCSP_UNUSABLE');
  expect(codeOf({ ocsp: [response({}, { signer: root, certificates: [root] })] })).toBe('OCSP_UNUSABLE');
});

test('the responder that is named must be the one that signed', () => {
  const other = createResponder(intermediate, { subject: 'Other' });
  const named = der.explicit(1, other.name);
  expect(codeWith(by(responder, { responder: named, certificates: [responder, other] }))).toBe(
    'OCSP_UNUSABLE',
  );
  expect(codeWith(by(responder, { responder: der.explicit(1, intermediate.name) }))).toBe('OCSP_UNUSABLE');
  const zeros = der.explicit(2, der.octetString(new Uint8Array(20)));
  expect(codeWith(by(responder, { responder: zeros }))).toBe('OCSP_UNUSABLE');
});

test('a responder without nocheck needs word of its own status', () => {
  expect(codeWith(by(checked))).toBe('OCSP_UNUSABLE');
  const own = respond([single({}, checked)]);
  expect(codeWith(by(checked), own)).toBe('OK');
  expect(codeWith(own, by(checked))).toBe('OK');
  // The CRL that tells of it tells of the leaf as well: here it has another scope.
  const upper = createResponder(intermediate, { extensions: [purpose, ext.basicConstraints()] });
  const scoped = crl(intermediate, {
    extensions: [ext.issuingDistributionPoint(der.implicit(2, der.raw(0xff)))],
  });
  expect(codeOf({ ocsp: [by(upper)], stored: [scoped] })).toBe('OK');
  expect(codeOf({ ocsp: [by(checked)], stored: [scoped] })).not.toBe('OK');
});

test('a revoked responder proves nothing, nocheck or not, in no mode', () => {
  for (const signer of [responder, checked]) {
    const listing = respond([single({ status: { date: hours(-2) } }, signer)]);
    for (const mode of ['hard', 'grace', 'soft'] as const) {
      expect(codeOf({ ocsp: [by(signer), listing], mode })).toBe('OCSP_UNUSABLE');
    }
  }
  const stale = crl(intermediate, {
    thisUpdate: hours(-9),
    nextUpdate: hours(-8),
    revoked: [{ serial: responder.serial }],
  });
  expect(codeOf({ ocsp: [by(responder)], stored: [stale] })).not.toBe('OK');
});

test('a responder of unknown standing proves nothing, save a revocation where the mode forgives', () => {
  const revoking = response({ status: { date: hours(-2) } }, { signer: checked, certificates: [checked] });
  expect(codeOf({ ocsp: [revoking] })).toBe('OCSP_UNUSABLE');
  expect(codeOf({ ocsp: [revoking], mode: 'soft' })).toBe('REVOKED');
  expect(codeOf({ ocsp: [by(checked)], mode: 'soft' })).toBe('OK_SOFT');
});

test('soft does not forgive that a responder is said to be unknown', () => {
  const denied = respond([single({ status: 'unknown' }, checked)]);
  expect(codeOf({ ocsp: [by(checked), denied], mode: 'soft' })).toBe('OCSP_UNUSABLE');
});

test('a responder with noRevAvail needs no word of its status, and may not point to any', () => {
  const noRevAvail = ext.extension(OID.noRevAvail, der.derNull());
  expect(codeWith(by(createResponder(intermediate, { extensions: [purpose, noRevAvail] })))).toBe('OK');
  const pointing = [purpose, noRevAvail, ext.crlDistributionPoints('http://crl.example/a')];
  expect(codeWith(by(createResponder(intermediate, { extensions: pointing })))).toBe('OCSP_UNUSABLE');
});

test('no responder vouches for itself, nor do two for each other', () => {
  const self = (signer: Issued): Buffer => respond([single({}, signer)], { signer, certificates: [signer] });
  expect(codeWith(by(checked), self(checked))).toBe('OCSP_UNUSABLE');
  expect(codeOf({ leaf: responder, ocsp: [self(responder)] })).toBe('OCSP_UNUSABLE');
  const second = createResponder(intermediate, { subject: 'Second', extensions: [purpose] });
  const vouch = (signer: Issued, subject: Issued): Buffer =>
    respond([single({}, subject)], { signer, certificates: [signer] });
  expect(codeWith(by(checked), vouch(second, checked), vouch(checked, second))).toBe('OCSP_UNUSABLE');
  expect(codeWith(by(checked), vouch(second, checked), respond([single({}, second)]))).toBe('OK');
});

test('a chain of responders that vouch each for the next comes to an end', () => {
  const chain = Array.from({ length: 8 }, (_, index) =>
    createResponder(intermediate, { subject: `Responder ${index}`, extensions: [purpose] }),
  );
  const vouched = chain
    .slice(1)
    .map((signer, index) => respond([single({}, chain[index])], { signer, certificates: [signer] }));
  const last = respond([single({}, chain.at(-1))]);
  expect(codeWith(by(chain[0]!), ...vouched, last)).toBe('OCSP_UNUSABLE');
  expect(codeWith(by(chain[5]!), ...vouched, last)).toBe('OK');
});

test('what the CAs above impose binds the responder too', () => {
  const permitted = [ext.generalName.dns('example')];
  const ca = createIntermediate(root, {
    subject: 'Bound CA',
    extensions: [ext.nameConstraints({ permitted })],
  });
  const child = createLeaf(ca, { dns: ['a.example'] });
  const named = (dns: string): Issued =>
    createResponder(ca, { extensions: [purpose, noCheck(), ext.subjectAltName(ext.generalName.dns(dns))] });
  const code = (signer: Issued): string =>
    ask({ anchors: [root], stored: [crl(root)] }, [child, ca], {
      revocation: 'hard',
      ocsp: [respond([single({}, child, ca)], { signer, certificates: [signer] }, ca)],
    }).code;
  expect(code(named('ocsp.example'))).toBe('OK');
  expect(code(named('ocsp.test'))).toBe('OCSP_UNUSABLE');
});

test('a responder answers to the profile, but not to its rules for TLS servers', () => {
  const rules = new Set(['no-sha1', 'rsa-2048', 'server-eku', 'server-names', 'common-name'] as const);
  const child = createLeaf(intermediate, { subject: der.name(), extensions: [] });
  const code = (signer: Issued, options: OcspOptions = {}): string =>
    codeOf({
      leaf: child,
      profile: { rules },
      ocsp: [respond([single({}, child)], { signer, certificates: [signer], ...options })],
    });
  expect(code(responder)).toBe('OK');
  expect(code(responder, { digest: 'sha1' })).toBe('OCSP_UNUSABLE');
  expect(code(createResponder(intermediate, { digest: 'sha1' }))).toBe('OCSP_UNUSABLE');
  expect(codeWith(by(responder, { digest: 'sha1' }))).toBe('OK');
});

test('the browsers’ and the strict profile take a responder that is in order', () => {
  const keyed = createResponder(intermediate, {
    extensions: [
      ext.keyUsage('digitalSignature'),
      purpose,
      noCheck(),
      ext.authorityKeyIdentifier(intermediate.key.spki),
    ],
  });
  for (const base of ['webpki', 'rfc5280-strict', 'webpki-strict'] as const) {
    const { code, message } = judge({ base, ocsp: [by(keyed)] });
    expect({ base, code, message }).toMatchObject({ code: 'OK' });
  }
  expect(judge({ base: 'rfc5280-strict', ocsp: [by(responder)] }).message).toContain('aki-present');
});

test.each(['rsa-2048', 'rsa-pss', 'p-384', 'dsa-1024', 'ed25519', 'ed448'] as const)(
  'a response signed with a %s key is read',
  (key) => {
    expect(codeWith(by(createResponder(intermediate, { key })))).toBe('OK');
  },
);

test('a key that inherits its parameters signs as well', () => {
  const top = newKey('dsa-1024');
  const ca = createIntermediate(root, { subject: 'DSA CA', key: top });
  const child = createLeaf(ca);
  const signer = createResponder(ca, { key: inheritingKey(top, 12_345n) });
  const ocsp = [respond([single({}, child, ca)], { signer, certificates: [signer] }, ca)];
  const scene = { anchors: [root], stored: [crl(root)] };
  expect(ask(scene, [child, ca], { revocation: 'hard', ocsp }).code).toBe('OK');
});

test('an unknown algorithm makes the response unusable', () => {
  const own = createCertificate({ subject: intermediate.name, key: intermediate.key });
  const bytes = response({}, { signer: own });
  const oid = Buffer.from(der.oid('1.2.840.10045.4.3.2'));
  const at = bytes.lastIndexOf(oid);
  bytes[at + oid.length - 1] = 9;
  expect(codeWith(bytes)).toBe('OCSP_UNUSABLE');
});

test('no delegated response that was changed in any byte leaves the certificate good', () => {
  const whole = by(responder);
  expect(codeWith(whole)).toBe('OK');
  const change = fc.record({
    at: fc.nat({ max: whole.length - 1 }),
    flip: fc.integer({ min: 1, max: 255 }),
  });
  fc.assert(
    fc.property(change, ({ at, flip }) => {
      const changed = Buffer.from(whole);
      changed[at]! ^= flip;
      expect(judge({ ocsp: [changed] }).status).not.toBe('valid');
    }),
    { numRuns: 400 },
  );
});
