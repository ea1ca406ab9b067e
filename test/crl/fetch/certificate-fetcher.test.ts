import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { loadConfig } from '../../../src/config/load.js';
import { certificatesOf } from '../../../src/crl/fetch/certificate-content.js';
import { CertificateFetcher } from '../../../src/crl/fetch/certificate-fetcher.js';
import { fetcherOptions } from '../../../src/crl/fetch/fetcher-options.js';
import { certsOnly } from '../../pki/cms.js';
import * as der from '../../pki/der-builder.js';
import { createIntermediate, createRoot, pemOf } from '../../pki/pki.js';
import { PATIENT_FETCHES } from '../../patient-fetches.js';
import { CrlServer } from './crl-server.js';

const root = createRoot();
const intermediate = createIntermediate(root);
const message = certsOnly([intermediate.der, root.der]);

test.each([
  ['DER', intermediate.der],
  ['PEM', Buffer.from(intermediate.pem)],
])('a certificate comes as %s', (_, body) => {
  expect(certificatesOf(body).map((each) => Buffer.from(each))).toEqual([intermediate.der]);
});

test.each([
  ['DER', message],
  ['PEM', Buffer.from(pemOf('PKCS7', message))],
])('several come in a certs-only message as %s', (_, body) => {
  expect(certificatesOf(body).map((each) => Buffer.from(each))).toEqual([intermediate.der, root.der]);
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['a page', Buffer.from('<!DOCTYPE html>')],
  ['a cut certificate', intermediate.der.subarray(0, 100)],
  ['more than a certificate', Buffer.concat([intermediate.der, Buffer.from([0])])],
  ['a cut message', message.subarray(0, 100)],
  ['another kind of message', Buffer.from(der.sequence(der.oid('1.2.840.113549.1.7.1')))],
])('%s is no certificate', (_, body) => {
  expect(() => certificatesOf(body)).toThrow(/certificate|certs-only/);
});

let server: CrlServer;
let fetcher: CertificateFetcher | undefined;
beforeAll(async () => {
  server = await CrlServer.start({ crl: intermediate.der });
});
afterAll(() => server.stop());
afterEach(() => fetcher?.close());

function get(url: string, hosts: readonly string[], allow = [`127.0.0.1:${server.port}`]) {
  const config = loadConfig({ env: {}, flags: { ...PATIENT_FETCHES, 'crl.allow': allow }, cwd: '/' });
  fetcher = new CertificateFetcher(fetcherOptions(config, {}), hosts);
  return fetcher.fetch(url, new AbortController().signal);
}

test('an issuer is fetched from a listed host', async () => {
  const outcome = await get(server.url('/good.crl'), ['127.0.0.1']);
  expect(outcome).toMatchObject({ kind: 'fetched', certificates: [Uint8Array.from(intermediate.der)] });
});

test('from no other host, at no redirect either, and nothing without a list', async () => {
  const refused = (why: RegExp) => ({ fault: 'refused', message: expect.stringMatching(why) });
  expect(await get(server.url('/good.crl'), [])).toMatchObject(refused(/not listed in aia\.hosts/));
  expect(await get('http://evil.example/', ['.ca.example'])).toMatchObject(refused(/evil\.example is not/));
  expect(await get(server.url('/to?url=http://other.example/'), ['127.0.0.1'])).toMatchObject(
    refused(/redirected to http:\/\/other\.example\/: other\.example is not listed/),
  );
});

test('being listed opens no address that the policy refuses', async () => {
  expect(await get('http://127.0.0.1/', ['127.0.0.1'], [])).toMatchObject({
    fault: 'refused',
    message: expect.stringMatching(/loopback/),
  });
  expect(await get('http://a.ca.example:22/', ['.ca.example'], [])).toMatchObject({
    message: expect.stringMatching(/port 22/),
  });
});
