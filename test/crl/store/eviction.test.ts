import { rmSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { environmentPath } from '../../../src/crl/store/environment-files.js';
import { parseCrl } from '../../../src/x509/crl.js';
import { createCrl, createRoot, type Issued } from '../../pki/pki.js';
import { openScene, scratchFolder, type StoreScene } from './store-scene.js';

const hoursAgo = (count: number): Date => new Date(Math.floor(Date.now() / 1000) * 1000 - count * 3_600_000);
const revoked = Array.from({ length: 2000 }, (_, serial) => ({ serial: 1_000_000 + serial }));
const crlOf = (root: Issued, age: number): Buffer =>
  createCrl(root, { thisUpdate: hoursAgo(age), revoked }).der;
const isThere = ({ store }: StoreScene, crl: Buffer): boolean => store.find(parseCrl(crl).issuer).length > 0;

test('over its cap the store lets go of the CRL least recently used, and of none that was just taken', async () => {
  let time = Date.now();
  const scene = await openScene({ maxBytes: 55_000, now: () => (time += 1000) });
  const roots = [1, 2, 3].map((number) => createRoot({ subject: `Evicted ${number}` }));
  const crls = roots.map((root) => crlOf(root, 3));
  for (const index of [0, 1]) {
    const outcome = await scene.ingest(crls[index]!, roots[index]!);
    if (outcome.kind !== 'stored') throw new Error(outcome.kind);
    await scene.ingester.tidy(outcome.crl.key);
  }
  const first = scene.store.list().find(({ issuer }) => Buffer.compare(roots[0]!.name, issuer) === 0);
  await scene.writer.noteUse(Buffer.from(first?.key ?? '', 'hex'));
  const outcome = await scene.ingest(crls[2]!, roots[2]!);
  if (outcome.kind !== 'stored') throw new Error(outcome.kind);
  await scene.ingester.tidy(outcome.crl.key);
  scene.store.renew();
  expect(crls.map((crl) => isThere(scene, crl))).toEqual([true, false, true]);
  expect(scene.reports).toEqual([expect.stringContaining('crl.maxStoreSize')]);
  // Roll-back is not let in through the gap; what was evicted itself is.
  expect(await scene.ingest(crlOf(roots[1]!, 4), roots[1]!)).toMatchObject({ kind: 'notNewer', crl: null });
  expect(await scene.ingest(crls[1]!, roots[1]!)).toMatchObject({ kind: 'stored' });
  await scene.close();
});

test('a CRL that is larger than the whole store is refused, and says which option bounds it', async () => {
  const scene = await openScene({ maxBytes: 10_000 });
  const root = createRoot();
  expect(await scene.ingest(crlOf(root, 1), root)).toMatchObject({
    kind: 'refused',
    code: 'STORE_FAILED',
    message: expect.stringContaining('crl.maxStoreSize'),
  });
  await scene.close();
});

test('high-water marks outlive the environment', async () => {
  const dataDirectory = scratchFolder();
  const root = createRoot();
  const scene = await openScene({ dataDirectory });
  await scene.ingest(crlOf(root, 2), root);
  await scene.close();
  rmSync(environmentPath(dataDirectory), { recursive: true });
  const anew = await openScene({ dataDirectory });
  expect(anew.store.list()).toEqual([]);
  expect(await anew.ingest(crlOf(root, 3), root)).toMatchObject({ kind: 'notNewer', crl: null });
  expect(await anew.ingest(crlOf(root, 2), root)).toMatchObject({ kind: 'stored' });
  await anew.close();
  rmSync(dataDirectory, { recursive: true });
});
