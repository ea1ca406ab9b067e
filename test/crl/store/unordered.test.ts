import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CrlDirectory } from '../../../src/crl/directory.js';
import { joinSources } from '../../../src/crl/joined-source.js';
import { headsOf } from '../../../src/crl/store/keys.js';
import { verify } from '../../../src/verify/verify.js';
import { parseCrl } from '../../../src/x509/crl.js';
import * as ext from '../../pki/extensions.js';
import { createCrl, createLeaf, createRoot, type CrlOptions, type Issued } from '../../pki/pki.js';
import { environmentOf } from '../../verify/scene.js';
import { openScene, type StoreScene } from './store-scene.js';

let scene: StoreScene;
let count = 0;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene.close());

const started = Math.floor(Date.now() / 1000) * 1000;
const minutes = (number: number): Date => new Date(started + number * 60_000);

interface Pair {
  readonly root: Issued;
  readonly leaf: Issued;
}

function newPair(): Pair {
  const root = createRoot({ subject: `Unordered Root ${++count}` });
  return { root, leaf: createLeaf(root) };
}

type Place = 'given' | 'store' | 'folder';

/** The verdict on the leaf where each CRL comes from its own place, in this order. */
async function codeOf(
  { root, leaf }: Pair,
  crls: readonly { readonly der: Uint8Array; readonly place: Place }[],
): Promise<string> {
  const folder = join(scene.dataDirectory, `folder-${++count}`);
  mkdirSync(folder);
  for (const [index, { der, place }] of crls.entries()) {
    if (place === 'folder') writeFileSync(join(folder, `${index}.crl`), der);
    if (place === 'store') expect(await scene.ingest(der, root)).toMatchObject({ kind: 'stored' });
  }
  const directory = new CrlDirectory(folder, { rescan: 1000, now: Date.now, report: () => undefined });
  const environment = environmentOf({
    anchors: [root],
    now: Date.now(),
    profile: { revocation: 'hard' },
  });
  const given = crls.filter(({ place }) => place === 'given').map(({ der }) => der);
  const source = joinSources([scene.store, directory]);
  return verify({ certificates: [leaf.der], crls: given }, { ...environment, crls: source }).code;
}

const held = (root: Issued): number => scene.store.find(parseCrl(createCrl(root).der).issuer).length;
const listing = (leaf: Issued, reason = 1): CrlOptions => ({
  revoked: [{ serial: leaf.serial, extensions: [ext.reasonCode(reason)] }],
});
const of = (thisUpdate: Date, number: number | undefined): CrlOptions => ({
  thisUpdate,
  extensions: number === undefined ? [] : [ext.crlNumber(number)],
});

const PLACES: readonly Place[] = ['given', 'store', 'folder'];
const PLACE_PAIRS = PLACES.flatMap((a) => PLACES.map((b) => [a, b] as const));

test.each(PLACE_PAIRS)('a clean CRL %s and one %s that lists, of one time and number', async (a, b) => {
  for (const number of [undefined, 5]) {
    for (const reason of [1, 6]) {
      const clean = of(minutes(-9), number);
      for (const isCleanFirst of [true, false]) {
        const pair = newPair();
        const list = { ...clean, ...listing(pair.leaf, reason) };
        const [first, second] = isCleanFirst ? [clean, list] : [list, clean];
        const crls = [
          { der: createCrl(pair.root, first).der, place: a },
          { der: createCrl(pair.root, second).der, place: b },
        ];
        expect(await codeOf(pair, crls)).toBe('REVOKED');
      }
    }
  }
});

test.each(PLACE_PAIRS)('a CRL %s, and one %s that is later and has a lower number', async (a, b) => {
  for (const isListedEarlier of [true, false]) {
    for (const isEarlierFirst of [true, false]) {
      const pair = newPair();
      const list = listing(pair.leaf);
      const earlier = createCrl(pair.root, { ...of(minutes(-9), 7), ...(isListedEarlier && list) });
      const later = createCrl(pair.root, { ...of(minutes(-8), 6), ...(!isListedEarlier && list) });
      const [first, second] = isEarlierFirst ? [earlier, later] : [later, earlier];
      const crls = [
        { der: first.der, place: a },
        { der: second.der, place: b },
      ];
      expect(await codeOf(pair, crls)).toBe('REVOKED');
    }
  }
});

test('a newer CRL takes the place of all that cannot be ordered, and lifts their holds', async () => {
  const pair = newPair();
  const { root, leaf } = pair;
  const first = createCrl(root, of(minutes(-9), 5)).der;
  const second = createCrl(root, { ...of(minutes(-9), 5), ...listing(leaf, 6) }).der;
  const crls = [first, second].map((der) => ({ der, place: 'store' as const }));
  expect(await codeOf(pair, crls)).toBe('REVOKED');
  expect(held(root)).toBe(2);
  // What is there already is not taken again, whichever of the two it is.
  for (const der of [first, second])
    expect(await scene.ingest(der, root)).toMatchObject({ kind: 'notNewer', age: 'same' });
  expect(held(root)).toBe(2);
  const newer = { der: createCrl(root, of(minutes(-8), 6)).der, place: 'store' as const };
  expect(await codeOf(pair, [newer])).toBe('OK');
  expect(held(root)).toBe(1);
  for (const der of [first, second])
    expect(await scene.ingest(der, root)).toMatchObject({ kind: 'notNewer', age: 'older' });
});

test('of many that cannot be ordered those that list the most are kept', async () => {
  const { root } = newPair();
  for (let listed = 0; listed < 12; listed += 1) {
    const revoked = Array.from({ length: listed }, (_, serial) => ({ serial: serial + 1 }));
    await scene.ingest(createCrl(root, { ...of(minutes(-9), 5), revoked }).der, root);
  }
  expect(held(root)).toBe(8);
  const clean = createCrl(root, { ...of(minutes(-9), 5), nextUpdate: minutes(99) }).der;
  expect(await scene.ingest(clean, root)).toMatchObject({ kind: 'notNewer' });
  const { issuer } = parseCrl(clean);
  for (const serial of [1, 11])
    expect(scene.store.find(issuer).some(({ crl }) => crl.find(Uint8Array.of(serial), issuer))).toBe(true);
});

test('a mark is kept of the newest: after its CRL was removed no older one is taken', async () => {
  const { root } = newPair();
  await scene.ingest(createCrl(root, of(minutes(-5), 3)).der, root);
  await scene.ingest(createCrl(root, of(minutes(-6), 4)).der, root);
  expect(held(root)).toBe(2);
  const { issuer } = parseCrl(createCrl(root).der);
  const heads = scene.writer.environment.keys(headsOf(issuer.key));
  await scene.writer.remove(heads);
  scene.store.renew();
  expect(held(root)).toBe(0);
  for (const older of [of(minutes(-6), 4), of(minutes(-6), 2)])
    expect(await scene.ingest(createCrl(root, older).der, root)).toMatchObject({
      kind: 'notNewer',
      age: 'older',
    });
  expect(await scene.ingest(createCrl(root, of(minutes(-5), 3)).der, root)).toMatchObject({ kind: 'stored' });
});
