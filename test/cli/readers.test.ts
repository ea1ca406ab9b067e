import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, describe, expect, test } from '@jest/globals';
import { readAnchorCertificates, readCertificates, readCrls } from '../../src/cli/verify/verify-input.js';
import { encodeVerify } from '../../src/client/verify-input.js';
import { loadConfig } from '../../src/config/load.js';
import { CrlDirectory } from '../../src/crl/directory.js';
import { AddressPolicy } from '../../src/crl/fetch/address-policy.js';
import { certificatesOf } from '../../src/crl/fetch/certificate-content.js';
import { ConfiguredSources } from '../../src/crl/fetch/configured-sources.js';
import { crlOf } from '../../src/crl/fetch/crl-content.js';
import { readCrlFile } from '../../src/crl/ingest/crl-file.js';
import { LineRequest } from '../../src/protocol/line-request.js';
import { readAnchors } from '../../src/thread/anchors.js';
import { decode } from '../../src/wire/codec.js';
import { parseCertificate } from '../../src/x509/certificate.js';
import { findEntry, parseCrl } from '../../src/x509/crl.js';
import { readName } from '../../src/x509/name.js';
import { DerReader } from '../../src/x509/der.js';
import { certsOnly } from '../pki/cms.js';
import * as der from '../pki/der-builder.js';
import { DISGUISES } from '../pki/disguises.js';
import * as ext from '../pki/extensions.js';
import { createCertificate, createCrl, createRoot, pemOf } from '../pki/pki.js';
import type { SignedCrl } from '../../src/verify/crl-source.js';

const folder = mkdtempSync(join(tmpdir(), 'pkixd-readers-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const root = createRoot();
const other = createRoot({ subject: 'Other Root' });
const comment = (text: string) => [ext.extension('2.16.840.1.113730.1.13', der.ia5String(text))];
const nested = createCertificate({ subject: 'Nested', extensions: comment(other.pem) });
const crl = createCrl(root, { revoked: [{ serial: 7 }] });
const otherCrl = createCrl(root, { revoked: [{ serial: 8 }] });

/** The first object that the reader makes of these bytes; throws, or gives none, where it takes them for nothing. */
type Reader = (content: Buffer) => Promise<Uint8Array | undefined> | Uint8Array | undefined;

let files = 0;
function fileOf(content: Buffer, ending: string): string {
  const path = join(folder, `${(files += 1)}.${ending}`);
  writeFileSync(path, content);
  return path;
}

const place = { cwd: folder, err: new Writable({ write: (_chunk, _encoding, done) => done() }) };
const bodyOf = (bytes: Uint8Array) => decode(bytes) as { certificates: Uint8Array[]; crls: Uint8Array[] };

function lineRequest(content: Buffer): LineRequest {
  const limits = { maxLine: 1e6, maxSize: 1e6, maxCertificates: 10, maxCrls: 10 };
  const request = new LineRequest([], limits, new Set(['crls', 'anchors']));
  for (const line of content.toString('latin1').split('\n')) request.line(line);
  return request;
}

const CERTIFICATE_READERS: readonly (readonly [string, Reader])[] = [
  ['a file to verify', (content) => readCertificates(fileOf(content, 'pem'), place).certificates[0]],
  ['a file of --anchor', (content) => readAnchorCertificates(fileOf(content, 'pem'), place)[0]],
  ['the client, bytes', (content) => bodyOf(encodeVerify({ certificates: content })).certificates[0]],
  ['trust.anchors', (content) => readAnchors(fileOf(content, 'pem'), { broken: 'stop' })[0]?.der],
  ['a caIssuers URL', (content) => certificatesOf(content)[0]],
  [
    'crl.sources',
    (content) => {
      const issuer = { kind: 'certificate', path: fileOf(content, 'pem') } as const;
      const sources = [{ issuer, from: { kind: 'file', path: '/a.crl' } }] as const;
      const config = { ...loadConfig({ env: {}, flags: {}, cwd: folder }), 'crl.sources': sources };
      const { spki } = ConfiguredSources.read(config, AddressPolicy.of(config)).entries[0]!;
      return [root, other, nested].find(({ key }) => Buffer.from(key.spki).equals(spki!))?.der;
    },
  ],
];

const CRL_READERS: readonly (readonly [string, Reader])[] = [
  ['a file of --crl', (content) => readCrls(fileOf(content, 'pem'), place)[0]],
  [
    'the client, bytes',
    (content) => bodyOf(encodeVerify({ certificates: root.der, crls: [content] })).crls[0],
  ],
  ['a large file of the folder', (content) => readCrlFile(fileOf(content, 'crl'))],
  ['a CRL server', (content) => crlOf(content, 1_000_000)],
  [
    'crl.directory',
    (content) => {
      const own = mkdtempSync(join(folder, 'crls-'));
      writeFileSync(join(own, 'a.pem'), content);
      const directory = new CrlDirectory(own, { rescan: 1000, report: () => undefined, now: () => 0 });
      const [found] = directory.find(readName(new DerReader(root.name), 'name'));
      return [crl, otherCrl].find(({ der: each }) => found !== undefined && isSame(found.crl, each))?.der;
    },
  ],
];

/** The two CRLs differ in the serial number that they list. */
function isSame(found: SignedCrl, bytes: Buffer): boolean {
  const issuer = parseCrl(bytes).issuer;
  const lists = (each: SignedCrl, serial: number) =>
    findEntry(each, Buffer.from([serial]), issuer) !== undefined;
  const own = parseCrl(bytes);
  return [7, 8].every((serial) => lists(found, serial) === lists(own, serial));
}

/** What the reader makes of the bytes: `undefined` for nothing, or an error. */
async function outcome(reader: Reader, content: Buffer): Promise<Uint8Array | undefined> {
  try {
    return await reader(content);
  } catch {
    return undefined;
  }
}

const WAYS: readonly (readonly [string, (bytes: Buffer, pem: string) => Buffer])[] = [
  ['DER', (bytes) => bytes],
  ['PEM', (_, pem) => Buffer.from(pem)],
  ['PEM behind a byte order mark', (_, pem) => Buffer.from(`\u{feff}${pem}`)],
  ['PEM behind a line that begins with 0', (_, pem) => Buffer.from(`0 s:CN = Root\n${pem}`)],
  ['PEM in UTF-16', (_, pem) => Buffer.from(`\u{feff}${pem}`, 'utf16le')],
];

describe.each(CERTIFICATE_READERS)('%s', (_name, reader) => {
  test.each(WAYS)('reads %s', async (_, write) => {
    expect(await outcome(reader, write(root.der, root.pem))).toEqual(root.der);
  });

  test('reads a certs-only message, and every label of a certificate', async () => {
    expect(await outcome(reader, certsOnly([root.der]))).toEqual(root.der);
    expect(await outcome(reader, Buffer.from(pemOf('PKCS7', certsOnly([root.der]))))).toEqual(root.der);
    for (const label of ['X509 CERTIFICATE', 'TRUSTED CERTIFICATE']) {
      expect(await outcome(reader, Buffer.from(pemOf(label, root.der) + other.pem))).toEqual(root.der);
    }
  });

  test('takes a DER certificate as it is, whatever PEM is inside', async () => {
    expect(await outcome(reader, nested.der)).toEqual(nested.der);
  });

  test.each(DISGUISES)('takes nothing else for a certificate that is written as %s', async (_, disguise) => {
    const content = Buffer.from(`${disguise(root.der, root.pem)}\n${other.pem}`, 'latin1');
    expect(await outcome(reader, content)).toBeUndefined();
  });

  test.each([
    ['a CRL', crl.der],
    ['a CRL in PEM', Buffer.from(crl.pem)],
    ['an unknown label', Buffer.from(pemOf('CERTIFICATE REQUEST', root.der) + other.pem)],
    ['a page', Buffer.from('<!DOCTYPE html>')],
  ])('refuses %s', async (_, content) => {
    expect(await outcome(reader, content)).toBeUndefined();
  });
});

describe.each(CRL_READERS)('%s', (_name, reader) => {
  test.each(WAYS)('reads %s', async (_, write) => {
    expect(await outcome(reader, write(crl.der, crl.pem))).toEqual(crl.der);
  });

  test.each(DISGUISES)('takes nothing else for a CRL that is written as %s', async (_, disguise) => {
    const content = Buffer.from(`${disguise(crl.der, crl.pem)}\n${otherCrl.pem}`, 'latin1');
    expect(await outcome(reader, content)).toBeUndefined();
  });

  test.each([
    ['a certificate', root.der],
    ['a certificate in PEM', Buffer.from(root.pem)],
    ['an unknown label', Buffer.from(pemOf('X509 CRLS', crl.der) + otherCrl.pem)],
    ['a page', Buffer.from('<!DOCTYPE html>')],
  ])('refuses %s', async (_, content) => {
    expect(await outcome(reader, content)).toBeUndefined();
  });
});

describe('the line protocol', () => {
  test.each(DISGUISES)('takes nothing else for a certificate that is written as %s', (_, disguise) => {
    const content = Buffer.from(`${disguise(root.der, root.pem)}\n${other.pem}`, 'latin1');
    expect(() => lineRequest(content).finish()).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/UNEXPECTED|BAD_PEM/) }),
    );
  });

  test('reads every label of a certificate, and a message', () => {
    for (const [label, bytes] of [
      ['CERTIFICATE', root.der],
      ['X509 CERTIFICATE', root.der],
      ['TRUSTED CERTIFICATE', root.der],
      ['PKCS7', certsOnly([root.der])],
    ] as const) {
      const request = lineRequest(Buffer.from(`remark\n${pemOf(label, bytes)}${other.pem}`)).finish();
      expect(request.certificates.map((each) => parseCertificate(each).fingerprint)).toEqual(
        [root, other].map((each) => parseCertificate(each.der).fingerprint),
      );
    }
  });
});
