import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { RootDatabase } from 'lmdb';
import { unseal } from '../../../../src/crl/store/records/sealed-record.js';
import { codeOf } from '../../../../src/errors.js';
import { parseCrl } from '../../../../src/x509/crl.js';
import { certificateIssuer, scope } from '../../../pki/crl-extensions.js';
import { createCrl, createRoot } from '../../../pki/pki.js';
import { openScene, type StoreScene } from '../store-scene.js';

let scene: StoreScene;
beforeEach(async () => {
  scene = await openScene();
});
afterEach(() => scene.close());

/** Buckets have seals of their own. */
const BUCKET = 0x30;
const root = createRoot({ subject: 'Sealed Root' });
const [a, b] = [createRoot({ subject: 'Listed A' }), createRoot({ subject: 'Listed B' })];
const nameOf = (issuer: typeof root) => parseCrl(createCrl({ name: issuer.name, key: root.key }).der).issuer;
const indirect = createCrl(root, {
  extensions: [scope({ indirect: true })],
  revoked: [
    { serial: 1 },
    { serial: 2, extensions: [certificateIssuer(a.name)] },
    { serial: 3, extensions: [certificateIssuer(b.name)] },
  ],
}).der;

/** The environment's values as they stand there, and how to change one. */
function rawValues() {
  const { environment } = scene.writer;
  const { database } = environment as unknown as { readonly database: RootDatabase<Uint8Array, Buffer> };
  environment.renew();
  return {
    entries: [...database.getRange({})].map(({ key, value }) => ({ key, value: Uint8Array.from(value) })),
    put: async (key: Buffer, value: Uint8Array): Promise<void> => {
      await environment.transaction(() => void database.put(key, value));
      environment.renew();
      scene.store.renew();
    },
  };
}

/** One record of every kind that there is. */
async function fill(): Promise<void> {
  expect(await scene.ingest(indirect, root)).toMatchObject({ kind: 'stored' });
  for (const age of [120_000, 60_000])
    await scene.ingest(createCrl(a, { thisUpdate: new Date(Date.now() - age) }).der, a);
  await scene.writer.begin();
  await scene.writer.noteUrl('http://crl.example/', { fetchedAt: null, failures: 1, retryAt: 2 });
  await scene.writer.acquireLease('lease', 60_000);
}

test('whichever bit of whichever record is flipped, it is told and not believed', async () => {
  await fill();
  const { entries, put } = rawValues();
  const kinds = new Set(entries.map(({ key }) => key[0]));
  expect([...kinds]).toEqual([0x01, 0x02, 0x03, 0x10, 0x20, 0x30, 0x31, 0x32, 0x40, 0x41, 0x50, 0x60]);
  const { environment } = scene.writer;
  let flips = 0;
  for (const { key, value } of entries.filter((entry) => entry.key[0] !== BUCKET)) {
    const flip = (bit: number): void => void (value[bit >> 3]! ^= 1 << (bit % 8));
    flip(flips % (value.length * 8));
    await put(key, value);
    environment.renew();
    expect(codeThrown(() => environment.get(key))).toBe('STORE_DAMAGED');
    flip(flips % (value.length * 8));
    for (let bit = 0; bit < value.length * 8; bit++, flips++) {
      flip(bit);
      expect(codeThrown(() => unseal(key, value))).toBe('STORE_DAMAGED');
      flip(bit);
    }
    expect(codeThrown(() => unseal(key, value))).toBeUndefined();
  }
  expect(flips).toBeGreaterThan(1000);
});

test('a record of another key is none of this one', async () => {
  await fill();
  const { entries, put } = rawValues();
  const { environment } = scene.writer;
  const marks = entries.filter(({ key }) => key[0] === 0x40);
  await put(marks[0]!.key, marks[1]!.value);
  environment.renew();
  expect(codeThrown(() => environment.get(marks[0]!.key))).toBe('STORE_DAMAGED');
});

test.each([
  ['epoch', 0x02],
  ['head of a CRL', 0x10],
])('of a store with a broken %s a reader finds nothing, and tells', async (_, kind) => {
  await fill();
  expect(scene.store.list()).toHaveLength(2);
  await breakAll(kind);
  expect(scene.store.find(nameOf(root))).toEqual([]);
  expect(scene.reports).toEqual([expect.stringContaining('broken record')]);
});

test('a certificate of another issuer is never called not listed for a broken or missing table', async () => {
  await fill();
  const [found] = scene.store.find(nameOf(root));
  expect(found?.crl.find(Uint8Array.of(2), nameOf(a))).toBeDefined();
  await breakAll(0x20);
  scene.store.renew();
  expect(() => found?.crl.find(Uint8Array.of(3), nameOf(b))).toThrow('broken record');
  const { environment } = scene.writer;
  await environment.transaction(() => {
    for (const { key } of rawValues().entries) if (key[0] === 0x20) environment.remove(key);
  });
  scene.store.renew();
  expect(() => found?.crl.find(Uint8Array.of(3), nameOf(b))).toThrow('replaced or removed');
});

test('many certificate issuers are told apart, listed ones and others', async () => {
  const names = Array.from({ length: 300 }, (_, index) =>
    createRoot({ subject: `Many ${index}`, key: root.key }),
  );
  const listed = names.filter((_, index) => index % 3 !== 0);
  const revoked = listed.map(({ name }) => ({ serial: 9, extensions: [certificateIssuer(name)] }));
  const crl = createCrl(root, { extensions: [scope({ indirect: true })], revoked }).der;
  await scene.ingest(crl, root);
  const [found] = scene.store.find(nameOf(root));
  for (const [index, issuer] of names.entries()) {
    expect(found?.crl.find(Uint8Array.of(9), nameOf(issuer)) === undefined).toBe(index % 3 === 0);
  }
});

/** Flips a bit of every record of a kind. */
async function breakAll(kind: number): Promise<void> {
  const { entries, put } = rawValues();
  for (const { key, value } of entries) {
    if (key[0] !== kind) continue;
    value[value.length >> 1]! ^= 1;
    await put(key, value);
  }
  scene.store.renew();
}

function codeThrown(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return codeOf(error);
  }
  return undefined;
}
