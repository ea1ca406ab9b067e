import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CrlDirectory } from '../../../src/crl/directory.js';
import { joinSources } from '../../../src/crl/joined-source.js';
import { evict } from '../../../src/crl/store/eviction.js';
import { ALL_UNCLEAR, headsOf } from '../../../src/crl/store/records/keys.js';
import { MarkJournal } from '../../../src/crl/store/notes/mark-journal.js';
import { dropOdd } from '../../../src/crl/store/records/odd-records.js';
import { verify } from '../../../src/verify/verify.js';
import { parseCrl } from '../../../src/x509/crl.js';
import { name as nameOf, utf8String, type Der } from '../../pki/der-builder.js';
import * as ext from '../../pki/extensions.js';
import { createCrl, createLeaf, createRoot, type CrlOptions, type Issued } from '../../pki/pki.js';
import { INCOMPARABLE } from '../../pki/strings.js';
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

/** How one of several CRLs that cannot be ordered is lost; none of what is left lists the leaf. */
const LOSSES: readonly (readonly [string, (pair: Pair, lost: Uint8Array) => Promise<void>])[] = [
  [
    'there are eight already',
    async ({ root }, lost) => {
      for (let n = 0; n < 8; n++) await scene.ingest(createCrl(root, unlike(n)).der, root);
      expect(await scene.ingest(lost, root)).toMatchObject({ kind: 'refused', code: 'CRL_MALFORMED' });
      expect(held(root)).toBe(8);
    },
  ],
  [
    'both are evicted, and the other one comes again',
    async ({ root }, lost) => {
      const clean = createCrl(root, unlike(0)).der;
      for (const der of [clean, lost]) await scene.ingest(der, root);
      await evict(scene.writer, 0, Buffer.alloc(0), Date.now());
      scene.store.renew();
      expect(held(root)).toBe(0);
      expect(await scene.ingest(clean, root)).toMatchObject({ kind: 'stored' });
    },
  ],
  [
    'it is evicted before the other one comes',
    async ({ root }, lost) => {
      await scene.ingest(lost, root);
      await evict(scene.writer, 0, Buffer.alloc(0), Date.now());
      expect(await scene.ingest(createCrl(root, unlike(0)).der, root)).toMatchObject({ kind: 'stored' });
    },
  ],
  [
    'its record is odd',
    async ({ root }, lost) => {
      await scene.ingest(createCrl(root, unlike(0)).der, root);
      await scene.ingest(lost, root);
      const { environment } = scene.writer;
      const { issuer } = parseCrl(lost);
      const heads = environment.entries(headsOf(issuer.key));
      const { signature } = parseCrl(lost);
      const mine = heads.find(({ value }) => Buffer.from(value).includes(Buffer.from(signature)));
      await environment.transaction(() => environment.put(mine!.key, Buffer.from([0x81])));
      await dropOdd(scene.writer, () => undefined);
      expect(await scene.ingest(createCrl(root, unlike(0)).der, root)).toMatchObject({ kind: 'stored' });
    },
  ],
];
/** CRLs of the same time and number, all different. */
const unlike = (n: number): CrlOptions => ({
  ...of(minutes(-9), 5),
  nextUpdate: minutes(100 + n),
  revoked: [{ serial: 1000 + n }],
});

test.each(LOSSES)('a revocation is not forgotten, nothing is valid: %s', async (_, lose) => {
  const pair = newPair();
  const { root, leaf } = pair;
  const other = createLeaf(root);
  await lose(pair, createCrl(root, { ...of(minutes(-9), 5), ...listing(leaf) }).der);
  expect(await codeOf(pair, [])).toBe('CRL_MALFORMED');
  expect(await codeOf({ root, leaf: other }, [])).toBe('CRL_MALFORMED');
  // What is there still revokes.
  if (held(root) === 8)
    expect(await codeOf({ root, leaf: createLeaf(root, { serial: 1001 }) }, [])).toBe('REVOKED');
  // A copy with another mark, as after a restart, says the same.
  scene.store.renew();
  expect(await codeOf(pair, [])).toBe('CRL_MALFORMED');
  // Later, but with a lower number: neither newer than what was lost.
  const unclear = { der: createCrl(root, of(minutes(-8), 4)).der, place: 'store' as const };
  if (held(root) < 8) expect(await codeOf(pair, [unclear])).toBe('CRL_MALFORMED');
  const newer = { der: createCrl(root, of(minutes(-7), 6)).der, place: 'store' as const };
  expect(await codeOf(pair, [newer])).toBe('OK');
});

test('a store that is made anew keeps a dispute', async () => {
  const pair = newPair();
  const { root } = pair;
  for (let n = 0; n < 9; n++) await scene.ingest(createCrl(root, unlike(n)).der, root);
  const journal = new MarkJournal(scene.dataDirectory);
  const disputed = journal.read().filter(({ mark }) => mark.disputed !== undefined);
  expect(disputed.some(({ mark }) => mark.disputed?.thisUpdate === minutes(-9).getTime())).toBe(true);
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

test.each(PLACES)(
  'a revocation in a CRL %s whose issuer has a name that cannot be compared is in doubt',
  async (place) => {
    const text = (value: Der): Der => nameOf(['2.5.4.10', value]);
    for (const [what, value] of INCOMPARABLE) {
      const root = createRoot({ subject: text(utf8String(`Clear ${++count}`)) });
      const leaf = createLeaf(root);
      const clean = createCrl(root, of(minutes(-9), 5)).der;
      const lists = createCrl(
        { name: text(value), key: root.key },
        { ...of(minutes(-9), 5), ...listing(leaf) },
      ).der;
      const crls = [clean, lists].map((one) => ({ der: one, place }));
      expect([what, await codeOf({ root, leaf }, crls)]).toEqual([what, 'CRL_MALFORMED']);
      // One that does not list it casts no doubt.
      const other = await codeOf({ root, leaf: createLeaf(root) }, place === 'store' ? [] : crls);
      expect([what, other]).toEqual([what, 'OK']);
      await evict(scene.writer, 0, Buffer.alloc(0), Date.now());
      scene.store.renew();
    }
  },
);

test('what was stored by an older release is found so as well, once the store is opened', async () => {
  const root = createRoot({ subject: nameOf(['2.5.4.10', utf8String('Older')]) });
  const [, value] = INCOMPARABLE[0]!;
  const name = nameOf(['2.5.4.10', value]);
  const leaf = createLeaf(root);
  const lists = createCrl({ name, key: root.key }, { ...of(minutes(-9), 5), ...listing(leaf) }).der;
  await scene.ingest(createCrl(root, of(minutes(-9), 5)).der, root);
  await scene.ingest(lists, root);
  await scene.writer.drop(scene.writer.environment.keys(ALL_UNCLEAR));
  await dropOdd(scene.writer, () => undefined);
  scene.store.renew();
  expect(await codeOf({ root, leaf }, [])).toBe('CRL_MALFORMED');
});
