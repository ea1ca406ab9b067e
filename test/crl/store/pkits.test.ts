import { expect } from '@jest/globals';
import { runCase } from '../../../conformance/run-case.js';
import { type Case, readSuite } from '../../../conformance/suite.js';
import { type Certificate, parseCertificate } from '../../../src/x509/certificate.js';
import { parseCrl } from '../../../src/x509/crl.js';
import { sameName } from '../../../src/x509/name.js';
import { importPublicKey, lacksDsaParameters } from '../../../src/x509/public-key.js';
import { X509Error } from '../../../src/x509/x509-error.js';
import { testWithData } from '../../component.js';
import { openScene, type StoreScene } from './store-scene.js';

/** The key of a certificate, complete: of a DSA key without parameters with those of each issuer that has some. */
function completeKeys(holder: Certificate, all: readonly Certificate[]): Uint8Array[] {
  if (!lacksDsaParameters(holder.spki)) return [holder.spki];
  return all
    .filter(({ subject, spki }) => sameName(subject, holder.issuer) && !lacksDsaParameters(spki))
    .flatMap(({ spki }) => importPublicKey(spki).dsaParameters ?? [])
    .map((inherited) =>
      importPublicKey(holder.spki, inherited).keyObject.export({ format: 'der', type: 'spki' }),
    );
}

/** Every CRL of the suite, in one store; an operator's import knows all the certificates there are. */
async function importAll(cases: readonly Case[], scene: StoreScene): Promise<Set<string>> {
  const distinct = (lists: readonly (readonly string[])[]): Buffer[] =>
    [...new Set(lists.flat())].map((base64) => Buffer.from(base64, 'base64'));
  const certificates = distinct(
    cases.map(({ trustAnchors, intermediates, leaf }) => [...trustAnchors, ...intermediates, leaf]),
  ).flatMap((der) => {
    try {
      return [parseCertificate(der)];
    } catch (error) {
      if (!(error instanceof X509Error)) throw error;
      return [];
    }
  });
  const codes = new Set<string>();
  for (const der of distinct(cases.map(({ crls }) => crls))) {
    const { issuer } = parseCrl(der);
    const holders = certificates.filter(({ subject }) => sameName(subject, issuer));
    const signers = holders.flatMap((holder) => completeKeys(holder, certificates));
    const outcome = await scene.ingester.ingest(
      { content: { der: Uint8Array.from(der) }, source: 'PKITS', signers },
      () => undefined,
    );
    codes.add(outcome.kind === 'refused' ? outcome.code : outcome.kind);
  }
  scene.store.renew();
  return codes;
}

testWithData(
  'all of PKITS passes with every CRL of it in one store, none handed in',
  'nist-pkits.json',
  async (path) => {
    const { name, cases } = readSuite(path);
    const scene = await openScene();
    try {
      const codes = await importAll(cases, scene);
      // The issuers of two CRLs are not the subject of any certificate.
      expect([...codes].toSorted()).toEqual(['CRL_ISSUER_UNTRUSTED', 'stored']);
      const wrong = cases
        .map((test) => ({ id: test.id, expected: test.expected, ...runCase(name, test, scene.store) }))
        .filter(({ passed }) => !passed);
      expect(wrong).toEqual([]);
      expect(cases.length).toBeGreaterThan(100);
      expect(scene.reports).toEqual([]);
    } finally {
      await scene.close();
    }
  },
);
