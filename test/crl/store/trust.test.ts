import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { verify } from '../../../src/verify/verify.js';
import type { Verdict } from '../../../src/wire/verdict.js';
import { certificateIssuer, scope } from '../../pki/crl-extensions.js';
import * as der from '../../pki/der-builder.js';
import * as ext from '../../pki/extensions.js';
import { newKey } from '../../pki/keys.js';
import { createCrl, createIntermediate, createLeaf, createRoot, type Issued } from '../../pki/pki.js';
import { INCOMPARABLE, STRING_TYPES, STRING_WRITERS } from '../../pki/strings.js';
import { environmentOf } from '../../verify/scene.js';
import { openScene, type StoreScene } from './store-scene.js';

let scene: StoreScene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene.close());

/** The verdict under a profile with this anchor, on CRLs of the store alone. */
function under(anchor: Issued, certificates: readonly Issued[]): Verdict {
  const environment = environmentOf({ anchors: [anchor], now: Date.now(), profile: { revocation: 'hard' } });
  const request = { certificates: certificates.map((one) => one.der), crls: [] };
  return verify(request, { ...environment, crls: scene.store });
}

test('a CRL whose signer only one anchor vouches for does not count under a profile without that anchor', async () => {
  const [one, two] = [createRoot({ subject: 'Trust One' }), createRoot({ subject: 'Trust Two' })];
  const subject = 'Shared CA';
  const key = newKey('p-256');
  const byOne = createIntermediate(one, { subject, key });
  const byTwo = createIntermediate(two, { subject, key });
  // The CA's other key, certified under the first root alone, signs its CRLs.
  const signer = createIntermediate(one, { subject });
  const leaf = createLeaf(byOne);
  await scene.ingest(createCrl(one).der, one);
  await scene.ingest(createCrl(two).der, two);
  await scene.ingest(createCrl(signer).der, signer);
  const certificates = [leaf, byOne, byTwo, signer];
  expect(under(one, certificates)).toMatchObject({ status: 'valid' });
  expect(under(two, certificates)).toMatchObject({
    status: 'indeterminate',
    code: 'CRL_ISSUER_UNTRUSTED',
  });
  // Its own key's CRL counts under both.
  await scene.ingest(createCrl(byOne).der, byOne);
  expect(under(two, certificates)).toMatchObject({ status: 'valid' });
});

test('a CRL of another key under the same name clears nothing and revokes nothing', async () => {
  const root = createRoot({ subject: 'Trust Root' });
  const impostor = createRoot({ subject: 'Trust Root' });
  const leaf = createLeaf(root);
  await scene.ingest(createCrl(impostor, { revoked: [{ serial: leaf.serial }] }).der, impostor);
  expect(under(root, [leaf]).code).toBe('CRL_ISSUER_UNTRUSTED');
  await scene.ingest(createCrl(root).der, root);
  expect(under(root, [leaf]).status).toBe('valid');
  await scene.ingest(
    createCrl(root, { thisUpdate: new Date(Date.now() - 1000), revoked: [{ serial: leaf.serial }] }).der,
    root,
  );
  expect(under(root, [leaf]).code).toBe('REVOKED');
});

test('what an indirect CRL of the store lists is found in any string type, and in doubt where it cannot be told', () => {
  return eachIssuer([
    ...STRING_TYPES.map((type) => [STRING_WRITERS[type](' 4711'), 'REVOKED'] as const),
    ...INCOMPARABLE.map(([, value]) => [value, 'CRL_MALFORMED'] as const),
    [der.utf8String('4712'), 'OK'],
  ]);
});

/** The code for a leaf of `4711` where an entry of its serial number has this issuer. */
async function eachIssuer(cases: readonly (readonly [der.Der, string])[]): Promise<void> {
  const root = createRoot({ subject: der.name(['2.5.4.10', '4711']) });
  const leaf = createLeaf(root);
  for (const [index, [value, code]] of cases.entries()) {
    const issuer = certificateIssuer(der.name(['2.5.4.10', value]));
    const extensions = [ext.crlNumber(index + 1), scope({ indirect: true })];
    const thisUpdate = new Date(Date.now() - (cases.length - index) * 60_000);
    const revoked = [{ serial: leaf.serial, extensions: [issuer] }];
    const crl = createCrl(root, { thisUpdate, extensions, revoked }).der;
    expect(await scene.ingest(crl, root)).toMatchObject({ kind: 'stored' });
    expect([index, under(root, [leaf]).code]).toEqual([index, code]);
  }
}
