import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import fc from 'fast-check';
import { parseAllExtensions, parseCertificate } from '../../src/x509/certificate.js';
import { findEntry, parseCrl } from '../../src/x509/crl.js';
import { formatName } from '../../src/x509/name.js';
import { importPublicKey } from '../../src/x509/public-key.js';
import { verifySignature } from '../../src/x509/signature.js';
import { X509Error } from '../../src/x509/x509-error.js';
import { testWithData } from '../component.js';

/** Everything that this folder can do with a certificate, as far as it goes. */
function exerciseCertificate(bytes: Uint8Array): void {
  const certificate = parseCertificate(bytes);
  formatName(certificate.subject);
  expect(typeof certificate.issuer.key).toBe('string');
  parseAllExtensions(certificate);
  const { signatureAlgorithm, tbs, signature, spki } = certificate;
  verifySignature(signatureAlgorithm, tbs, signature, importPublicKey(spki));
}

function exerciseCrl(bytes: Uint8Array): void {
  const crl = parseCrl(bytes);
  formatName(crl.issuer);
  findEntry(crl, Uint8Array.of(1));
}

/** True when the bytes were taken; any error but X509Error fails the test. */
function survives(exercise: (bytes: Uint8Array) => void, bytes: Uint8Array): boolean {
  try {
    exercise(bytes);
    return true;
  } catch (error) {
    if (!(error instanceof X509Error)) throw error;
    return false;
  }
}

const filesIn = (folder: string): Buffer[] =>
  readdirSync(folder).map((file) => readFileSync(join(folder, file)));

const KINDS = [
  ['certificate', 'cert', exerciseCertificate],
  ['CRL', 'crl', exerciseCrl],
] as const;

for (const [what, folder, exercise] of KINDS) {
  testWithData(`no ${what} of the fuzzing corpora does more than throw X509Error`, '', (root) => {
    const files = filesIn(join(root, 'corpora', folder));
    const taken = files.filter((bytes) => survives(exercise, bytes));
    expect(files.length).toBeGreaterThan(100);
    expect(taken.length).toBeGreaterThan(0);
  });

  testWithData(`no ${what} that is changed at random does more than throw X509Error`, '', (root) => {
    const taken = filesIn(join(root, 'corpora', folder)).filter((bytes) => survives(exercise, bytes));
    const change = fc.record({
      at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      removed: fc.integer({ min: 0, max: 4 }),
      inserted: fc.uint8Array({ maxLength: 4 }),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...taken),
        fc.array(change, { minLength: 1, maxLength: 3 }),
        (bytes, changes) => {
          let changed: Buffer = bytes;
          for (const { at, removed, inserted } of changes) {
            const from = Math.floor(at * changed.length);
            changed = Buffer.concat([changed.subarray(0, from), inserted, changed.subarray(from + removed)]);
          }
          survives(exercise, changed);
        },
      ),
      { numRuns: 1500, interruptAfterTimeLimit: 10_000 },
    );
  });
}

const strictly = (bytes: Uint8Array): void => parseAllExtensions(parseCertificate(bytes));

interface ParseSuite {
  readonly cases: readonly { readonly id: string; readonly leaf: string; readonly expected: string }[];
}

/** Certificates to BoringSSL’s eyes only: one’s serial number is NULL, the other has random bytes for an algorithm. */
const NO_CERTIFICATES = ['bssl-parse::cert_skeleton', 'bssl-parse::failed_signature_algorithm'];

testWithData('strict parsing takes and refuses what BoringSSL’s does', '', (root) => {
  const suite: ParseSuite = JSON.parse(readFileSync(join(root, 'boringssl-parse-certificate.json'), 'utf8'));
  const different = suite.cases.filter(
    ({ leaf, expected }) => survives(strictly, Buffer.from(leaf, 'base64')) !== (expected === 'valid'),
  );
  expect(different.map(({ id }) => id)).toEqual(NO_CERTIFICATES);
});
