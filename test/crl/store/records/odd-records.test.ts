// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { environmentPath, identityOf } from '../../../../src/crl/store/environment-files.js';
import { floorKey } from '../../../../src/crl/store/records/keys.js';
import { markBytes, type ScopeMark } from '../../../../src/crl/store/notes/marks.js';
import { openWriter } from '../../../../src/crl/store/open-writer.js';
import { dropOdd } from '../../../../src/crl/store/records/odd-records.js';
import { leaseBytes, readUrlRecord, urlBytes } from '../../../../src/crl/store/records/records.js';
import { codeOf } from '../../../../src/errors.js';
import { verify } from '../../../../src/verify/verify.js';
import { encode } from '../../../../src/wire/codec.js';
import type { UrlRecord } from '../../../../src/wire/ingest.js';
import { parseCrl } from '../../../../src/x509/crl.js';
import { createCrl, createLeaf, createRoot, type Issued } from '../../../pki/pki.js';
import { environmentOf } from '../../../verify/scene.js';
import { openScene, type StoreScene } from '../store-scene.js';

let scene: StoreScene;
beforeEach(async () => {
  scene = await openScene();
});
afterEach(() => scene.close());

const [root, other] = [createRoot({ subject: 'Odd Root' }), createRoot({ subject: 'Other Root' })];
const [revoked, good] = [createLeaf(root), createLeaf(other)];
const HOUR = 3_600_000;
const hoursAgo = (hours: number): Date => new Date(Math.floor(Date.now() / 1000) * 1000 - hours * HOUR);
const listing = createCrl(root, { thisUpdate: hoursAgo(1), revoked: [{ serial: revoked.serial }] }).der;
const older = createCrl(root, { thisUpdate: hoursAgo(2) }).der;
const URL = 'http://crl.example/';
const KINDS = [0x02, 0x10, 0x31, 0x40, 0x41, 0x42, 0x50, 0x60];

/** One record of every kind that there is, but for the two that nothing can be read without. */
async function fill(): Promise<void> {
  await scene.ingest(listing, root);
  await scene.ingest(createCrl(other).der, other);
  await scene.writer.begin();
  await scene.writer.noteUrl(URL, { fetchedAt: null, failures: 1, retryAt: 2 });
  await scene.writer.acquireLease('lease', 60_000);
  const { environment } = scene.writer;
  const floor = { thisUpdate: hoursAgo(9).getTime(), number: null };
  await environment.transaction(() => environment.put(floorKey(Buffer.alloc(32)), markBytes(floor)));
}

const codeFor = (anchor: Issued, leaf: Issued): string => {
  const environment = environmentOf({ anchors: [anchor], now: Date.now(), profile: { revocation: 'hard' } });
  return verify({ certificates: [leaf.der], crls: [] }, { ...environment, crls: scene.store }).code;
};

const ODD: readonly (readonly [string, Buffer])[] = [
  ['empty', Buffer.alloc(0)],
  ['cut off', Buffer.from([0x81])],
  ['not a map', encode([1, 2, 3])],
  ['a map of nothing', encode({})],
  ['of a number that is none', encode({ thisUpdate: Number.NaN, number: null, until: Number.NaN })],
  [
    'of a time beyond all',
    encode({ thisUpdate: 9e15, number: '1', fetchedAt: 9e15, failures: 0, retryAt: 0 }),
  ],
  [
    'of another type',
    encode({ thisUpdate: '1', number: 1n, generation: -1, header: 'x', pid: {}, since: [] }),
  ],
];
const CASES = KINDS.flatMap((kind) => ODD.map(([name, value]) => [kind.toString(16), name, value] as const));

test.each(CASES)('an odd record of kind %s, %s, goes by itself', async (kind, _, value) => {
  await fill();
  const { environment } = scene.writer;
  environment.renew();
  const start = Buffer.from([Number.parseInt(kind, 16)]);
  const records = environment.entries({ start, end: Buffer.from([start[0]! + 1]) });
  expect(records.length).toBeGreaterThan(0);
  const key = records.find((one) => environment.get(one.key))!.key;
  const mine = kind === '10' ? headOf(root) : key;
  await environment.transaction(() => environment.put(mine, value));
  scene.store.renew();
  // Read as it is: nothing is valid that is not.
  expect(codeFor(root, revoked)).not.toMatch(/^OK/);
  expect(() => [scene.store.urlRecord(URL), scene.store.list(), scene.store.epoch()]).not.toThrow();
  const reports: string[] = [];
  await dropOdd(scene.writer, (message) => reports.push(message));
  await scene.ingester.tidy(undefined);
  scene.store.renew();
  // Whatever has gone, the other CRLs are there, and nothing older gets in.
  expect(codeFor(other, good)).toBe('OK');
  expect(codeFor(root, revoked)).toMatch(/^(REVOKED|CRL_NONE)$/);
  expect(await scene.ingest(older, root)).toMatchObject({ kind: 'notNewer' });
  const identity = identityOf(environmentPath(scene.dataDirectory));
  const again = await openWriter({
    dataDirectory: scene.dataDirectory,
    now: Date.now,
    report: (message) => reports.push(message),
  });
  await again.environment.close();
  expect(identityOf(environmentPath(scene.dataDirectory))).toBe(identity);
  expect(reports.join()).not.toContain('made anew');
  expect(await scene.ingest(listing, root)).toMatchObject({
    kind: expect.stringMatching(/^(stored|notNewer)$/),
  });
  expect(codeFor(root, revoked)).toBe('REVOKED');
});

function headOf({ name, key }: Issued): Buffer {
  const { issuer } = parseCrl(createCrl({ name, key }).der);
  return scene.writer.environment
    .keys({ start: Buffer.from([0x10]), end: Buffer.from([0x11]) })
    .find((one) =>
      scene.store.find(issuer).some((crl) => 'key' in crl && one.toString('hex').endsWith(String(crl.key))),
    )!;
}

const anything = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(Number.NaN, Infinity, -Infinity, -0, 2 ** 53, 9e15, -9e15, null, undefined, true, '', '1'),
  fc.string(),
  fc.array(fc.integer(), { maxLength: 3 }),
  fc.object({ maxDepth: 1, maxKeys: 2 }),
);

test('what the writer takes is what the reader reads; everything else is not written', () => {
  const record = fc.record(
    {
      fetchedAt: anything,
      failures: anything,
      retryAt: anything,
      failedAt: anything,
      age: anything,
      etag: anything,
      secondHand: fc.record({ answeredAt: anything, since: anything }),
    },
    { requiredKeys: ['fetchedAt', 'failures', 'retryAt'] },
  );
  let written = 0;
  fc.assert(
    fc.property(record, (value) => {
      let bytes: Buffer;
      try {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- that it may not be one is what is tried
        bytes = urlBytes(value as UrlRecord);
      } catch (error) {
        expect(codeOf(error)).toBe('STORE_FAILED');
        return;
      }
      written++;
      expect(() => readUrlRecord(bytes)).not.toThrow();
    }),
    { numRuns: 2000, examples: [[{ fetchedAt: null, failures: 0, retryAt: 0 }]] },
  );
  expect(written).toBeGreaterThan(0);
});

test('no time that is none is ever written', async () => {
  await fill();
  for (const time of [Number.NaN, Infinity, -Infinity, 0.5, 9e15]) {
    const noted = scene.writer.noteUrl(URL, { fetchedAt: time, failures: 0, retryAt: 0 });
    await expect(noted).rejects.toMatchObject({ code: 'STORE_FAILED' });
    expect(() => leaseBytes({ holder: '', since: time, until: 0 })).toThrow('is not written');
    const mark: ScopeMark = { thisUpdate: time, number: null };
    expect(() => markBytes(mark)).toThrow('is not written');
  }
  expect(scene.store.urlRecord(URL)).toMatchObject({ failures: 1 });
});
