import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ocspResponse, singleResponse, type SingleOptions } from '../pki/ocsp.js';
import { createCrl, createIntermediate, createLeaf, createRoot } from '../pki/pki.js';
import { TestServer } from './test-server.js';

const root = createRoot();
const ca = createIntermediate(root);
const leaf = createLeaf(ca);
let folder: string;
let server: TestServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pkixd-stapled-'));
  mkdirSync(join(folder, 'crls'));
  writeFileSync(join(folder, 'root.pem'), root.pem);
  writeFileSync(join(folder, 'crls', 'root.crl'), createCrl(root).der);
  server = await TestServer.startPatient({
    trust: { anchors: [join(folder, 'root.pem')] },
    crl: { directory: join(folder, 'crls') },
  });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

test('a response that comes with a request is the evidence on its leaf', async () => {
  const stapled = (id: string, options: SingleOptions): string =>
    `VERIFY id=${id}\n${leaf.pem}${ca.pem}${ocspResponse(ca, [singleResponse(leaf, ca, options)]).pem}.\n`;
  const revoked = { status: { date: new Date('2026-01-01') } };
  const plain = `VERIFY id=none\n${leaf.pem}${ca.pem}.\n`;
  const answers = await server.talk(
    `${stapled('good', {})}${stapled('revoked', revoked)}${plain}QUIT\n`,
    'tcp',
  );
  const [first, second, third] = answers.split('\n');
  expect(first).toMatch(/^good valid OK .*"source":"ocsp"/);
  expect(second).toMatch(/^revoked invalid REVOKED .*"source":"ocsp"/);
  expect(third).toMatch(/^none indeterminate CRL_NONE /);
});
