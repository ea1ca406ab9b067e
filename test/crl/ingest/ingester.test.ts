import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { IngestOutcome, IngestRequest } from '../../../src/wire/ingest.js';
import { parseCrl } from '../../../src/x509/crl.js';
import { OID } from '../../../src/x509/oid.js';
import { deltaCrlIndicator, scope } from '../../pki/crl-extensions.js';
import * as der from '../../pki/der-builder.js';
import * as ext from '../../pki/extensions.js';
import { createCrl, createRoot, type CrlOptions, type Issued } from '../../pki/pki.js';
import { openScene, type StoreScene } from '../store/store-scene.js';

let scene: StoreScene;
let count = 0;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene.close());

const newRoot = (): Issued => createRoot({ subject: `Ingest Root ${++count}` });
/** Always of the same second. */
const started = Math.floor(Date.now() / 1000) * 1000;
const hours = (number: number): Date => new Date(started + number * 3_600_000);
const take = (
  root: Issued,
  options: CrlOptions = {},
  more: Partial<IngestRequest> = {},
): Promise<IngestOutcome> => scene.ingest(createCrl(root, options).der, root, more);
/** Numbers of the CRLs that the store has, the newest first. */
const held = (root: Issued): unknown[] =>
  scene.store
    .find(parseCrl(createCrl(root).der).issuer)
    .toSorted((a, b) => b.crl.thisUpdate - a.crl.thisUpdate)
    .map(({ crl }) => crl.number);
const refused = (code: string): object => ({ kind: 'refused', code });
const wantedOf = (root: Issued, ...uris: string[]): NonNullable<IngestRequest['wanted']> => ({
  issuer: root.name,
  uris,
  isDelta: false,
});

test('what is no CRL is refused, and the message names where it came from', async () => {
  const root = newRoot();
  const outcome = await scene.ingest(Buffer.from('<html>'), root, { source: 'http://crl.example/' });
  expect(outcome).toMatchObject({
    ...refused('CRL_MALFORMED'),
    message: expect.stringContaining('crl.example'),
  });
});

test('a CRL cut off anywhere is refused', async () => {
  const root = newRoot();
  const whole = createCrl(root, { revoked: [{ serial: 1 }, { serial: 2 }] }).der;
  for (let length = 0; length < whole.length; length += 7) {
    expect(await scene.ingest(whole.subarray(0, length), root)).toMatchObject(refused('CRL_MALFORMED'));
  }
});

test('a broken signature, and a signature by an unknown key, are refused', async () => {
  const root = newRoot();
  expect(await take(root, { breakSignature: true })).toMatchObject(refused('CRL_BAD_SIGNATURE'));
  expect(await take(root, {}, { signers: [newRoot().key.spki] })).toMatchObject(refused('CRL_BAD_SIGNATURE'));
  expect(await take(root, {}, { signers: [] })).toMatchObject(refused('CRL_ISSUER_UNTRUSTED'));
  expect(scene.store.find(parseCrl(createCrl(root).der).issuer)).toEqual([]);
});

test('a name, or extensions, that only cost are refused as soon as they are read', async () => {
  const root = newRoot();
  const stranger = newRoot();
  const { signers, wanted } = { signers: [root.key.spki], wanted: wantedOf(root) };
  // What is compared becomes eighteen times as long: half a GB.
  const expanding = der.commonName('\ufdfa'.repeat(10_000_000));
  const bomb = createCrl({ name: expanding, key: stranger.key }).der;
  expect(await scene.ingest(bomb, root, { signers, wanted })).toMatchObject({
    ...refused('CRL_MALFORMED'),
    message: expect.stringMatching(/issuer has \d+ octets, more than 16384/),
  });
  const point = Array.from({ length: 5000 }, (_, index) => ext.generalName.uri(`http://${index}.example/`));
  const named = ext.issuingDistributionPoint(der.explicit(0, der.explicit(0, ...point)));
  expect(await take(root, { extensions: [named] })).toMatchObject({
    ...refused('CRL_MALFORMED'),
    message: expect.stringMatching(/crlExtensions have \d+ octets, more than 65536/),
  });
});

test('one of several signers is enough, a broken key among them no harm', async () => {
  const root = newRoot();
  const signers = [Uint8Array.of(1), newRoot().key.spki, root.key.spki];
  expect(await take(root, {}, { signers })).toMatchObject({ kind: 'stored' });
});

test('one unknown critical extension in any entry voids the CRL', async () => {
  const root = newRoot();
  const strange = ext.extension('1.2.3.4', der.octetString(Buffer.of(0)), true);
  const revoked = [{ serial: 1 }, { serial: 2, extensions: [strange] }, { serial: 3 }];
  expect(await take(root, { revoked })).toMatchObject(refused('CRL_CRITICAL_EXTENSION'));
  const harmless = ext.extension('1.2.3.4', der.octetString(Buffer.of(0)));
  expect(await take(root, { revoked: [{ serial: 2, extensions: [harmless] }] })).toMatchObject({
    kind: 'stored',
  });
});

test('an unknown critical extension of the CRL itself, and entries of others in a direct CRL, are refused', async () => {
  const root = newRoot();
  const strange = ext.extension('1.2.3.4', der.octetString(Buffer.of(0)), true);
  expect(await take(root, { extensions: [strange] })).toMatchObject(refused('CRL_CRITICAL_EXTENSION'));
  const other = ext.extension('2.5.29.29', der.sequence(ext.generalName.dn(newRoot().name)), true);
  const revoked = [{ serial: 1, extensions: [other] }];
  expect(await take(root, { revoked })).toMatchObject(refused('CRL_MALFORMED'));
});

test('a broken entry after many good ones is refused, and nothing of the CRL is left', async () => {
  const root = newRoot();
  const revoked = Array.from({ length: 3000 }, (_, serial) => ({ serial: serial + 1 }));
  const bad = { serial: 4000, extensions: [ext.extension(OID.reasonCode, der.integer(1))] };
  expect(await take(root, { revoked: [...revoked, bad] })).toMatchObject(refused('CRL_MALFORMED'));
  expect(scene.store.find(parseCrl(createCrl(root).der).issuer)).toEqual([]);
});

test('a CRL of the future is refused, one that a clock may be ahead by is not', async () => {
  const root = newRoot();
  expect(await take(root, { thisUpdate: hours(1), nextUpdate: hours(2) })).toMatchObject(
    refused('CRL_NOT_YET_VALID'),
  );
  expect(await take(root, { thisUpdate: hours(1 / 30) })).toMatchObject({ kind: 'stored' });
});

test('an expired CRL is taken: it may still revoke, and serve within a grace', async () => {
  const root = newRoot();
  expect(await take(root, { thisUpdate: hours(-9), nextUpdate: hours(-1) })).toMatchObject({
    kind: 'stored',
  });
});

test('what was fetched must be of the issuer and the distribution point that it was fetched for', async () => {
  const root = newRoot();
  const here = 'http://crl.example/here.crl';
  const extensions = [scope({ uri: 'HTTP://CRL.example/here.crl' })];
  expect(await take(root, {}, { wanted: wantedOf(newRoot(), here) })).toMatchObject(refused('CRL_SCOPE'));
  expect(
    await take(root, { extensions }, { wanted: wantedOf(root, 'http://crl.example/there.crl') }),
  ).toMatchObject(refused('CRL_SCOPE'));
  const wanted = wantedOf(root, 'ldap://crl.example/', here);
  expect(await take(root, { extensions }, { wanted })).toMatchObject({ kind: 'stored' });
});

test('a delta is refused where a complete CRL was wanted, and taken where a delta was', async () => {
  const root = newRoot();
  const extensions = [ext.crlNumber(2), deltaCrlIndicator(1)];
  const wanted = wantedOf(root, 'http://crl.example/');
  expect(await take(root, { extensions }, { wanted })).toMatchObject(refused('CRL_SCOPE'));
  expect(await take(root, { extensions }, { wanted: { ...wanted, isDelta: true } })).toMatchObject({
    kind: 'stored',
    crl: { isDelta: true },
  });
});

test('newer is a later thisUpdate and no lower number, on a tie the higher number; others stand beside it', async () => {
  const root = newRoot();
  const at = (thisUpdate: Date, number: number): Promise<IngestOutcome> =>
    take(root, { thisUpdate, extensions: [ext.crlNumber(number)] });
  expect(await at(hours(-5), 10)).toMatchObject({ kind: 'stored' });
  expect(await at(hours(-6), 10)).toMatchObject({ kind: 'notNewer', crl: { number: 10n } });
  expect(await at(hours(-5), 9)).toMatchObject({ kind: 'notNewer' });
  expect(await at(hours(-6), 11)).toMatchObject({
    kind: 'stored',
    warning: expect.stringContaining('neither older nor newer'),
  });
  expect(held(root)).toEqual([10n, 11n]);
  const byNumber = await at(hours(-5), 11);
  expect(byNumber).toMatchObject({ kind: 'stored', crl: { number: 11n } });
  expect(byNumber).not.toHaveProperty('warning');
  expect(held(root)).toEqual([11n]);
  expect(await at(hours(-4), 3)).toMatchObject({
    kind: 'stored',
    warning: expect.stringContaining('lower number'),
  });
  expect(held(root)).toEqual([3n, 11n]);
  expect(await at(hours(-3), 12)).not.toHaveProperty('warning');
  expect(held(root)).toEqual([12n]);
});

test('an entry whose reason is not known is stored as one without a known reason', async () => {
  const root = newRoot();
  const revoked = [7, 11, 64].map((reason) => ({ serial: reason, extensions: [ext.reasonCode(reason)] }));
  expect(await take(root, { revoked })).toMatchObject({ kind: 'stored', crl: { entries: 3 } });
  const { issuer } = parseCrl(createCrl(root).der);
  const [found] = scene.store.find(issuer);
  for (const { serial } of revoked)
    expect(found?.crl.find(Uint8Array.of(serial), issuer)).toMatchObject({ reason: 'unspecified' });
});

test('an empty list of revocations is stored with the CRL', async () => {
  const root = newRoot();
  expect(await take(root, { hasEmptyList: true })).toMatchObject({ kind: 'stored', crl: { entries: 0 } });
  expect(scene.store.find(parseCrl(createCrl(root).der).issuer)[0]?.crl.hasEmptyList).toBe(true);
});

test('files are read by the thread itself, DER or PEM', async () => {
  const root = newRoot();
  const { der: bytes, pem } = createCrl(root);
  const path = join(scene.dataDirectory, 'a.pem');
  writeFileSync(path, pem);
  const signers = [root.key.spki];
  const takeFrom = (content: IngestRequest['content']): Promise<IngestOutcome> =>
    scene.ingester.ingest({ content, source: 'file', signers }, () => undefined);
  expect(await takeFrom({ path })).toMatchObject({ kind: 'stored' });
  expect(await takeFrom({ der: bytes })).toMatchObject({ kind: 'notNewer' });
  expect(await takeFrom({ path: join(path, 'x') })).toMatchObject(refused('CRL_MALFORMED'));
});

test('content that was refused is known again by its digest alone, and other content is looked at', async () => {
  const [root, stranger] = [createRoot({ subject: 'Refusing' }), createRoot({ subject: 'Refusing' })];
  const wrong = createCrl(stranger).der;
  const first = await scene.ingest(wrong, root);
  expect(first).toMatchObject({ kind: 'refused', code: 'CRL_BAD_SIGNATURE', isForAll: false });
  if (first.kind !== 'refused' || first.digest === undefined) throw new Error('it has no digest');
  const known = { digest: first.digest, code: 'CRL_SCOPE', message: 'as before' };
  expect(await scene.ingest(wrong, root, { refused: known })).toEqual({ kind: 'refused', ...known });
  expect(await scene.ingest(createCrl(root).der, root, { refused: known })).toMatchObject({ kind: 'stored' });
  const broken = await scene.ingest(Uint8Array.of(0x30, 0), root);
  expect(broken).toMatchObject({ kind: 'refused', code: 'CRL_MALFORMED', isForAll: true });
  // What only the time is wrong with is not a matter of the content.
  const later = await scene.ingest(createCrl(root, { thisUpdate: new Date(Date.now() + 9e6) }).der, root);
  expect(later).toMatchObject({ code: 'CRL_NOT_YET_VALID' });
  expect(later).not.toHaveProperty('digest');
});
