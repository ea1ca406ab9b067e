import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseCertificate } from '../../../src/x509/certificate.js';
import { parseCrl } from '../../../src/x509/crl.js';
import { DerReader } from '../../../src/x509/der.js';
import { type Name, readName } from '../../../src/x509/name.js';
import { certificateIssuer, deltaCrlIndicator, scope } from '../../pki/crl-extensions.js';
import * as der from '../../pki/der-builder.js';
import * as ext from '../../pki/extensions.js';
import { createCrl, createRoot, type Issued } from '../../pki/pki.js';
import { INCOMPARABLE, PAIRS_OF_TYPES, STRING_WRITERS } from '../../pki/strings.js';
import { FORMAT_KEY } from '../../../src/crl/store/records/keys.js';
import { FORMAT } from '../../../src/crl/store/records/records.js';
import { encode } from '../../../src/wire/codec.js';
import { openScene, scratchFolder, type StoreScene } from './store-scene.js';

let scene: StoreScene;
let number = 0;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene.close());

const newRoot = (): Issued => createRoot({ subject: `Store Root ${++number}` });
const hoursAgo = (count: number): Date => new Date(Math.floor(Date.now() / 1000) * 1000 - count * 3_600_000);

function found(crl: Uint8Array): ReturnType<StoreScene['store']['find']> {
  return scene.store.find(parseCrl(crl).issuer);
}

test('a CRL that was taken in is found by its issuer, with its header and its entries', async () => {
  const root = newRoot();
  const crl = createCrl(root, {
    revoked: [{ serial: 7, date: hoursAgo(3), extensions: [ext.reasonCode(1)] }, { serial: 9 }],
  }).der;
  expect(scene.store.find(parseCrl(crl).issuer)).toEqual([]);
  const outcome = await scene.ingest(crl, root, { source: 'http://crl.example/a.crl' });
  expect(outcome).toMatchObject({ kind: 'stored', crl: { entries: 2, number: 1n, isDelta: false } });
  const [candidate] = found(crl);
  const parsed = parseCrl(crl);
  expect(candidate?.source).toBe('http://crl.example/a.crl');
  expect(candidate?.crl).toMatchObject({
    thisUpdate: parsed.thisUpdate,
    nextUpdate: parsed.nextUpdate,
    number: 1n,
    hasCertificateIssuer: false,
  });
  expect(candidate?.crl.find(Uint8Array.of(7), parsed.issuer)).toEqual(
    parsed.find(Uint8Array.of(7), parsed.issuer),
  );
  expect(candidate?.crl.find(Uint8Array.of(7), parsed.issuer)?.reason).toBe('keyCompromise');
  expect(candidate?.crl.find(Uint8Array.of(9), parsed.issuer)).toBeDefined();
  expect(candidate?.crl.find(Uint8Array.of(8), parsed.issuer)).toBeUndefined();
});

test('the epoch changes with every CRL that is stored, and with no other', async () => {
  const root = newRoot();
  const crl = createCrl(root).der;
  const before = scene.store.epoch();
  await scene.ingest(crl, root);
  const after = scene.store.epoch();
  expect(after).toBeGreaterThan(before);
  expect(await scene.ingest(crl, root)).toMatchObject({ kind: 'notNewer' });
  expect(scene.store.epoch()).toBe(after);
});

test('the store remembers what a CRL was fetched for and who signed it, and nothing of one that was imported', async () => {
  const [fetched, imported] = [newRoot(), newRoot()];
  const uris = ['http://crl.example/a.crl', 'http://crl.example/b.crl'];
  const place = { issuer: fetched.name, uris, isDelta: false };
  await scene.ingest(createCrl(fetched).der, fetched, { wanted: place, source: uris[1]! });
  await scene.ingest(createCrl(imported).der, imported);
  const wantedOf = ({ name }: Issued) =>
    scene.store.list().find(({ issuer }) => Buffer.compare(issuer, name) === 0)?.wanted;
  const signers = [parseCertificate(fetched.der).spki];
  const wanted = wantedOf(fetched)!;
  expect(wanted).toMatchObject({ uris, isDelta: false });
  expect(wanted.signers.map((spki) => Buffer.from(spki))).toEqual(signers.map((spki) => Buffer.from(spki)));
  expect(wantedOf(imported)).toBeUndefined();
});

test('a newer CRL takes the place of the older one, and what was found before says so instead of clearing', async () => {
  const root = newRoot();
  const old = createCrl(root, { thisUpdate: hoursAgo(5), revoked: [{ serial: 1 }] }).der;
  const next = createCrl(root, { thisUpdate: hoursAgo(2), revoked: [{ serial: 2 }] }).der;
  await scene.ingest(old, root);
  const [before] = found(old);
  const { issuer } = parseCrl(old);
  expect(before?.crl.find(Uint8Array.of(1), issuer)).toBeDefined();
  await scene.ingest(next, root);
  await scene.ingester.tidy(undefined);
  scene.store.renew();
  const [after, ...others] = found(next);
  expect(others).toEqual([]);
  expect(after?.crl.find(Uint8Array.of(2), issuer)).toBeDefined();
  expect(after?.crl.find(Uint8Array.of(1), issuer)).toBeUndefined();
  expect(() => before?.crl.find(Uint8Array.of(1), issuer)).toThrow('replaced or removed');
  expect(() => before?.crl.find(Uint8Array.of(3), issuer)).toThrow('replaced or removed');
});

test('what one turn of the event loop reads is of one moment', async () => {
  const root = newRoot();
  const old = createCrl(root, { thisUpdate: hoursAgo(5), revoked: [{ serial: 1 }] }).der;
  const { issuer } = parseCrl(old);
  await scene.ingest(old, root);
  const next = createCrl(root, { thisUpdate: hoursAgo(2) }).der;
  const epoch = scene.store.epoch();
  const stored = scene.ingest(next, root);
  const [candidate] = found(old);
  expect(candidate?.crl.find(Uint8Array.of(1), issuer)).toBeDefined();
  expect(scene.store.epoch()).toBe(epoch);
  await stored;
  expect(scene.store.epoch()).not.toBe(epoch);
});

test('CRLs of one name and different keys stand beside each other', async () => {
  const subject = `Store Twins ${++number}`;
  const [one, two] = [createRoot({ subject }), createRoot({ subject })];
  const crl = createCrl(one, { revoked: [{ serial: 1 }] }).der;
  await scene.ingest(crl, one);
  await scene.ingest(createCrl(two, { revoked: [{ serial: 2 }] }).der, two);
  expect(found(crl)).toHaveLength(2);
});

test('a delta stands beside its base, and CRLs of different scopes beside each other', async () => {
  const root = newRoot();
  const base = createCrl(root, { extensions: [ext.crlNumber(1)] }).der;
  const delta = createCrl(root, { extensions: [ext.crlNumber(2), deltaCrlIndicator(1)] }).der;
  const users = scope({ userCerts: true });
  const cas = scope({ caCerts: true });
  for (const crl of [
    base,
    delta,
    createCrl(root, { extensions: [users] }).der,
    createCrl(root, { extensions: [cas] }).der,
  ]) {
    expect(await scene.ingest(crl, root)).toMatchObject({ kind: 'stored' });
  }
  expect(found(base).map(({ crl }) => crl.isDelta)).toHaveLength(4);
  expect(found(base).filter(({ crl }) => crl.isDelta)).toHaveLength(1);
});

test('CRLs that do not state their scope stand apart by the distribution point they came from', async () => {
  const root = newRoot();
  const crl = createCrl(root).der;
  const { issuer } = parseCrl(crl);
  for (const uri of ['http://a.example/1', 'http://a.example/2']) {
    const wanted = { issuer: issuer.der, uris: [uri], isDelta: false };
    expect(await scene.ingest(crl, root, { wanted })).toMatchObject({ kind: 'stored' });
  }
  expect(found(crl)).toHaveLength(2);
});

describe('an indirect CRL', () => {
  const entry = (serial: number, issuer?: der.Der): { serial: number; extensions: der.Der[] } => ({
    serial,
    extensions: issuer === undefined ? [] : [certificateIssuer(issuer)],
  });

  test('carries certificateIssuer over from entry to entry', async () => {
    const root = newRoot();
    const [a, b] = [createRoot({ subject: 'Indirect A' }), createRoot({ subject: 'Indirect B' })];
    const crl = createCrl(root, {
      extensions: [scope({ indirect: true })],
      revoked: [entry(1), entry(2, a.name), entry(3), entry(4, b.name), entry(5, root.name), entry(6)],
    }).der;
    expect(await scene.ingest(crl, root)).toMatchObject({ kind: 'stored' });
    const [stored] = found(crl);
    const parsed = parseCrl(crl);
    expect(stored?.crl.hasCertificateIssuer).toBe(true);
    for (const { name } of [root, a, b, createRoot({ subject: 'Indirect C' })]) {
      const { issuer } = parseCrl(createCrl({ name, key: root.key }).der);
      for (let serial = 1; serial <= 7; serial++) {
        const octets = Uint8Array.of(serial);
        expect(stored?.crl.find(octets, issuer)).toEqual(parsed.find(octets, issuer));
      }
    }
  });

  const nameOf = (value: der.Der): Name => readName(new DerReader(der.name(['2.5.4.10', value])), 'issuer');

  test('lists an issuer whatever string types carry its name, in the store as in memory', async () => {
    const root = newRoot();
    for (const [type, other] of PAIRS_OF_TYPES) {
      const revoked = [entry(1, nameOf(STRING_WRITERS[type]('4711')).der)];
      const crl = createCrl(root, {
        extensions: [ext.crlNumber(++number), scope({ indirect: true })],
        revoked,
      }).der;
      expect(await scene.ingest(crl, root)).toMatchObject({ kind: 'stored' });
      const stored = found(crl).at(-1)?.crl;
      for (const each of [stored, parseCrl(crl)]) {
        expect(each?.find(Uint8Array.of(1), nameOf(STRING_WRITERS[other](' 4711')))).toBeDefined();
        expect(each?.find(Uint8Array.of(1), nameOf(STRING_WRITERS[other]('4712')))).toBeUndefined();
        expect(each?.mayList(Uint8Array.of(1), nameOf(STRING_WRITERS[other]('4712')))).toBe(false);
      }
    }
  });
  test('may list what an issuer of an unclear name has, in the store as in memory', async () => {
    const root = newRoot();
    const unclear = INCOMPARABLE.map(([, value]) => value);
    // Far more entries than are read at a time: the list is overwritten behind the reader.
    const many = Array.from({ length: 5000 }, (_, index) => ({ serial: 1000 + index }));
    const revoked = [
      entry(99, nameOf(der.utf8String('clear')).der),
      ...unclear.map((value, index) => entry(index + 1, nameOf(value).der)),
      { serial: 90, extensions: [ext.reasonCode(8)] },
      ...many,
    ];
    const crl = createCrl(root, { extensions: [scope({ indirect: true })], revoked }).der;
    expect(await scene.ingest(crl, root)).toMatchObject({ kind: 'stored' });
    const names = ['clear', 'another'].map((text) => nameOf(der.utf8String(text)));
    const direct = nameOf(der.octetString(der.raw(7)));
    for (const each of [found(crl)[0]?.crl, parseCrl(crl)]) {
      for (const [index, value] of unclear.entries()) {
        const serial = Uint8Array.of(index + 1);
        expect(each?.find(serial, nameOf(value))).toBeDefined();
        expect(names.map((name) => each?.mayList(serial, name))).toEqual([true, true]);
      }
      expect(names.map((name) => each?.mayList(Uint8Array.of(90), name))).toEqual([false, false]);
      expect(names.map((name) => each?.mayList(Uint8Array.of(99), name))).toEqual([false, false]);
      // An issuer that is unclear itself may be any of those.
      expect(each?.mayList(Uint8Array.of(91), direct)).toBe(true);
    }
  });
});

test('five thousand entries of many shapes are found as the parsed CRL finds them', async () => {
  const root = newRoot();
  const revoked = Array.from({ length: 5000 }, (_, i) => ({
    serial: BigInt(i * 7 + 1) << BigInt((i % 40) * 4),
    date: new Date(Date.UTC(1950 + (i % 150), i % 12, (i % 28) + 1, i % 24)),
    extensions: i % 3 === 0 ? [] : [ext.reasonCode([1, 2, 3, 4, 5, 6, 8, 9, 10][i % 9]!)],
  }));
  const crl = createCrl(root, { revoked: [...revoked, { serial: 1n << 4000n }] }).der;
  expect(await scene.ingest(crl, root)).toMatchObject({ kind: 'stored', crl: { entries: 5001 } });
  const parsed = parseCrl(crl);
  const [stored] = found(crl);
  for (const { serial } of [...revoked, { serial: 1n << 4000n }]) {
    for (const asked of [serial, serial + 1n]) {
      const octets = der.integer(asked);
      const content = octets.subarray(octets[1]! < 0x80 ? 2 : 2 + (octets[1]! & 0x7f));
      expect(stored?.crl.find(content, parsed.issuer)).toEqual(parsed.find(content, parsed.issuer));
    }
  }
});

test('of two entries for one certificate the one that revokes it stands', async () => {
  const root = newRoot();
  const revoked = [
    { serial: 1, extensions: [ext.reasonCode(8)] },
    { serial: 1, extensions: [ext.reasonCode(1)] },
    { serial: 2, extensions: [ext.reasonCode(4)] },
    { serial: 2, extensions: [ext.reasonCode(8)] },
  ];
  const crl = createCrl(root, { revoked }).der;
  await scene.ingest(crl, root);
  const [stored] = found(crl);
  const { issuer } = parseCrl(crl);
  expect(stored?.crl.find(Uint8Array.of(1), issuer)?.reason).toBe('keyCompromise');
  expect(stored?.crl.find(Uint8Array.of(2), issuer)?.reason).toBe('superseded');
});

test('the list says what there is', async () => {
  const root = newRoot();
  const crl = createCrl(root, { revoked: [{ serial: 5 }] }).der;
  const outcome = await scene.ingest(crl, root, { source: 'listed' });
  const listed = scene.store.list().find(({ source }) => source === 'listed');
  expect(listed).toMatchObject({ entries: 1, isDelta: false, number: 1n });
  expect(outcome).toMatchObject({ kind: 'stored', crl: listed });
});

test('a store of another format, whose keys of names are others, is not read but made anew', async () => {
  const dataDirectory = scratchFolder();
  const old = await openScene({ dataDirectory });
  const root = newRoot();
  const crl = createCrl(root).der;
  expect(await old.ingest(crl, root)).toMatchObject({ kind: 'stored' });
  const { environment } = old.writer;
  await environment.transaction(() => {
    environment.put(FORMAT_KEY, encode({ format: FORMAT - 1, secret: randomBytes(8) }));
  });
  await old.close();
  const anew = await openScene({ dataDirectory });
  try {
    expect(anew.reports.join()).toContain(`format ${FORMAT - 1}, not ${FORMAT}`);
    expect(anew.store.find(parseCrl(crl).issuer)).toEqual([]);
    expect(await anew.ingest(crl, root)).toMatchObject({ kind: 'stored' });
  } finally {
    await anew.close();
    rmSync(dataDirectory, { recursive: true });
  }
});
