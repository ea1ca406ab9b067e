import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { AttemptTree } from '../../src/cli/verify/attempt-tree.js';
import { verify } from '../../src/verify/verify.js';
import type { VerifyRequest } from '../../src/wire/request.js';
import * as ext from '../pki/extensions.js';
import { newKey } from '../pki/keys.js';
import { ocspResponse, singleResponse } from '../pki/ocsp.js';
import { createCertificate, createCrl, createIntermediate, createLeaf, createRoot } from '../pki/pki.js';
import type { Issued } from '../pki/pki.js';
import { parseCertificate } from '../../src/x509/certificate.js';
import { ask, environmentOf } from './scene.js';

/** One name, two keys: a CA before and after it renewed its key, or two CAs of a name. */
const root = createRoot();
const [before, after] = [createIntermediate(root), createIntermediate(root)];
const leaf = createLeaf(before);
const scene = { anchors: [root], now: Date.now() };

const identifierOf = ({ der }: Issued): string =>
  Buffer.from(parseCertificate(der).subjectKeyIdentifier ?? []).toString('hex');
const digestOf = ({ key }: Issued): string =>
  createHash('sha256').update(key.spki).digest('hex').slice(0, 16);
const holder = (ca: Issued): string => `CN=Test Intermediate (key ${identifierOf(ca)})`;

function judge(certificates: readonly Issued[], request: Partial<VerifyRequest> = {}) {
  return ask(scene, certificates, request);
}

test('the wrong one of two keys of a name is named, and which one the certificate names', () => {
  expect(judge([leaf, after])).toMatchObject({
    code: 'BAD_SIGNATURE',
    message: `the signature of CN=leaf.example is not that of its issuer, ${holder(after)}; it names the key ${identifierOf(before)}`,
  });
});

test('a CA without a key identifier is known by the SHA-256 of its key', () => {
  const [bare, other] = [0, 1].map(() =>
    createCertificate({
      issuer: root,
      subject: 'Bare',
      key: newKey('p-256'),
      extensions: [ext.basicConstraints({}), ext.keyUsage('keyCertSign')],
    }),
  ) as [Issued, Issued];
  expect(judge([createLeaf(bare), other]).message).toBe(
    `the signature of CN=leaf.example is not that of its issuer, CN=Bare (key of SHA-256 ${digestOf(other)}…)`,
  );
});

test('an anchor is named like any other issuer', () => {
  const other = createRoot();
  expect(ask({ anchors: [other] }, [createLeaf(root)])).toMatchObject({
    code: 'BAD_SIGNATURE',
    message: expect.stringContaining(`its issuer, CN=Test Root (key ${identifierOf(other)})`),
  });
});

const crlOf = (ca: Issued, signer: Issued, identifier?: Issued): Buffer =>
  createCrl(
    { ...ca, key: signer.key },
    identifier && {
      extensions: [ext.authorityKeyIdentifier(identifier.key.spki), ext.crlNumber(1)],
    },
  ).der;
const outside = createRoot({ subject: 'Test Intermediate' });
const fromRoot = createCrl(root).der;

test.each<[string, string, () => Buffer, readonly Issued[], string]>([
  [
    'of another key that says so, without its certificate',
    'CRL_ISSUER_UNTRUSTED',
    () => crlOf(before, after),
    [],
    `the CRL is signed with the key ${identifierOf(after)}, and not with that of the issuer, ${holder(before)}`,
  ],
  [
    'of another key that does not say so',
    'CRL_BAD_SIGNATURE',
    () => crlOf(before, after, before),
    [],
    `the CRL's signature is not that of the issuer, ${holder(before)}`,
  ],
  [
    'of a key under no anchor, with its certificate',
    'CRL_ISSUER_UNTRUSTED',
    () => crlOf(before, outside),
    [outside],
    `CN=Test Intermediate (key ${identifierOf(outside)}), which signed the CRL, is not trusted: `,
  ],
])('a CRL %s says whose key it is', (_what, code, crl, others, message) => {
  const verdict = judge([leaf, before, ...others], { crls: [crl(), fromRoot], revocation: 'hard' });
  expect(verdict.code).toBe(code);
  expect(verdict.message.startsWith(message)).toBe(true);
});

test('an OCSP response of another key of the name says of which key it speaks', () => {
  const response = ocspResponse(before, [singleResponse(leaf, before)], {
    signer: { ...before, key: after.key },
  });
  const { message } = judge([leaf, before], { ocsp: [response.der], crls: [fromRoot], revocation: 'hard' });
  expect(message).toContain(`the OCSP response is of no use: ${holder(before)} signed it`);
});

test('a key identifier of any length is cut', () => {
  const long = createCertificate({
    issuer: root,
    subject: 'Long',
    extensions: [
      ext.basicConstraints({}),
      ext.extension(
        '2.5.29.14',
        Buffer.concat([Buffer.from([0x04, 0x82, 0x10, 0x00]), Buffer.alloc(4096, 0xab)]),
      ),
    ],
  });
  const wrong = createLeaf({ ...long, key: newKey('p-256') });
  expect(judge([wrong, long]).message).toContain(`CN=Long (key ${'ab'.repeat(20)}…); it names the key `);
});

test('a trace is told the same', () => {
  const tree = new AttemptTree();
  const request = { certificates: [leaf, after].map(({ der }) => der), crls: [] };
  verify(request, environmentOf(scene), tree);
  const endings = tree.root?.above.flatMap((attempt) => attempt.endings) ?? [];
  expect(endings).toMatchObject([{ code: 'BAD_SIGNATURE', message: expect.stringContaining(holder(after)) }]);
});
