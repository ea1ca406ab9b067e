// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { type Case, readSuite } from '../../conformance/suite.js';
import { Client } from '../../src/client/index.js';
import { parseCrl } from '../../src/x509/crl.js';
import { formatName } from '../../src/x509/name-format.js';
import { X509Error } from '../../src/x509/x509-error.js';
import { testWithData } from '../component.js';
import { pemOf } from '../pki/pki.js';
import { CrlHost } from './crl-host.js';
import { TestServer } from './test-server.js';

const bytes = (base64: string): Buffer => Buffer.from(base64, 'base64');

/** Section 4.2 is about the validity of certificates at its own time. */
const isForNow = ({ id }: Case): boolean => !id.startsWith('pkits-4.2.');

/** Publishes every CRL of the suite; returns `crl.sources` for them. */
async function publish(host: CrlHost, cases: readonly Case[]): Promise<object[]> {
  const sources: object[] = [];
  for (const [index, crl] of [...new Set(cases.flatMap(({ crls }) => crls))].entries()) {
    const der = bytes(crl);
    await host.publish(`/${index}.crl`, der);
    const issuer = issuerOf(der);
    if (issuer !== undefined) sources.push({ issuer, url: host.url(`/${index}.crl`) });
  }
  return sources;
}

function issuerOf(der: Buffer): string | undefined {
  try {
    return formatName(parseCrl(der).issuer);
  } catch (error) {
    if (error instanceof X509Error) return undefined;
    throw error;
  }
}

async function passes(
  client: Client,
  { leaf, intermediates, params, expected }: Case,
): Promise<string | undefined> {
  const { status, code, message } = await client.verify({
    certificates: [leaf, ...intermediates].map(bytes),
    policy: {
      initial: params.userInitialPolicySet ?? ['2.5.29.32.0'],
      explicit: params.initialExplicitPolicy ?? false,
      inhibitMapping: params.initialPolicyMappingInhibit ?? false,
      inhibitAny: params.initialInhibitAnyPolicy ?? false,
    },
  });
  return (status === 'valid') === (expected === 'valid') ? undefined : `${code}: ${message}`;
}

testWithData(
  'PKITS holds today with its CRLs fetched from configured sources',
  'nist-pkits.json',
  async (path) => {
    const folder = mkdtempSync(join(tmpdir(), 'pkixd-pkits-'));
    const cases = readSuite(path).cases.filter(isForNow);
    const anchors = [...new Set(cases.flatMap(({ trustAnchors }) => trustAnchors))];
    writeFileSync(
      join(folder, 'anchors.pem'),
      anchors.map((der) => pemOf('CERTIFICATE', bytes(der))).join(''),
    );
    const host = await CrlHost.start();
    const server = await TestServer.startPatient({
      trust: { anchors: [join(folder, 'anchors.pem')] },
      'crl.sources': await publish(host, cases),
      'crl.allow': [`127.0.0.1:${host.port}`],
      'crl.maxWait': '120s',
      'workers.count': 2,
    });
    const client = new Client(`unix:${join(server.directory, 'msgpack.sock')}`, { timeout: 120_000 });
    try {
      const failures = await Promise.all(
        cases.map(async (test) => {
          const failure = await passes(client, test);
          return failure === undefined ? [] : [`${test.id} ${failure}`];
        }),
      );
      expect(failures.flat()).toEqual([]);
      expect(cases.length).toBeGreaterThan(100);
      expect((await host.requests()).length).toBeGreaterThan(50);
    } finally {
      await client.close();
      await server.stop();
      await host.stop();
      rmSync(folder, { recursive: true });
    }
  },
);
