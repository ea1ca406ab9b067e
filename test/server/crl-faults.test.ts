// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { CrlServer } from '../crl/fetch/crl-server.js';
import { createCrl, createRoot, type Issued } from '../pki/pki.js';
import { type Answer, answerOf } from './answer.js';
import { CrlHost } from './crl-host.js';
import { FetchedPki } from './fetched-pki.js';
import { pinging } from './pinging.js';
import { TestServer } from './test-server.js';
import { until } from '../until.js';

// A whole server before a server of CRLs that does wrong: what a client is told, what the log is, and what comes after.

const root = createRoot();
const folder = mkdtempSync(join(tmpdir(), 'pkixd-faults-'));
writeFileSync(join(folder, 'root.pem'), root.pem);
/** Whose pages are the faults. */
let faulty: CrlServer;
/** Whose files are as the test puts them. */
let host: CrlHost;
/** One worker each, so that other clients share its event loop; one of them gives up slow fetches soon. */
let hasty: TestServer;
let patient: TestServer;
let pki: FetchedPki;

beforeAll(async () => {
  [faulty, host] = await Promise.all([CrlServer.start({ crl: createCrl(root).der }), CrlHost.start()]);
  const start = (settings: Readonly<Record<string, unknown>>): Promise<TestServer> =>
    TestServer.startPatient({
      trust: { anchors: [join(folder, 'root.pem')] },
      'crl.allow': [`127.0.0.1:${faulty.port}`, `127.0.0.1:${host.port}`],
      'crl.maxSize': '4MiB',
      'crl.retry': '500ms',
      'crl.maxRetry': '500ms',
      'workers.count': 1,
      ...settings,
    });
  const inHaste = { 'crl.connectTimeout': '3s', 'crl.stallTimeout': '3s' };
  [hasty, patient] = await Promise.all([start(inHaste), start({})]);
});
afterAll(async () => {
  await Promise.all([hasty.stop(), patient.stop(), faulty.stop(), host.stop()]);
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  pki = new FetchedPki(root, host);
  await pki.publish(host, 1);
});

const ask = async (server: TestServer, leaf: Issued): Promise<Answer> =>
  answerOf(await server.talk(pki.verify('id=1', leaf)));

const isValid = ({ head }: Answer): boolean => head === 'valid OK';

/** A CRL of the intermediate as a file. */
function crlFile(): string {
  const path = join(folder, 'mended.crl');
  writeFileSync(path, createCrl(pki.intermediate).der);
  return path;
}

const isSlow = (page: string): boolean => ['/byte-a-second', '/silent', '/slow-headers'].includes(page);

test.each([
  ['/reset', 'FETCH_FAILED', /connection broke/],
  ['/reset-midway', 'FETCH_FAILED', /connection broke/],
  ['/truncated', 'FETCH_FAILED', /connection broke|cut off/],
  ['/cut', 'FETCH_FAILED', /it is cut off/],
  ['/byte-a-second', 'FETCH_FAILED', /came within 3s/],
  ['/silent', 'FETCH_FAILED', /nothing came within 3s/],
  ['/slow-headers', 'FETCH_FAILED', /nothing came within 3s/],
  ['/endless', 'FETCH_FAILED', /crl\.maxSize allows 4MiB/],
  ['/hundred-megabytes', 'FETCH_FAILED', /100MiB or more, and crl\.maxSize allows 4MiB/],
  ['/bomb', 'FETCH_FAILED', /unpack to more than .* 64 times as much/],
  ['/bomb.gz', 'FETCH_FAILED', /unpack to more than .* 64 times as much/],
  ['/html', 'FETCH_FAILED', /neither PEM .* nor DER of a CRL: it begins with "<!DOCTYPE html>/],
  ['/empty', 'FETCH_FAILED', /empty/],
  ['/no-http', 'FETCH_FAILED', /does not match the HTTP/],
  ['/404', 'FETCH_FAILED', /answered 404/],
  ['/500', 'FETCH_FAILED', /answered 500/],
  ['/loop', 'FETCH_FAILED', /lead back to/],
  ['/to?url=http://10.0.0.7/ca.crl', 'FETCH_REFUSED', /10\.0\.0\.7 is a private address.*crl\.allow/],
  ['/to?url=http://169.254.169.254/latest', 'FETCH_REFUSED', /169\.254\.169\.254/],
] as const)(
  '%s is told with URL and reason, holds up nobody else, and once it is mended the answer is valid',
  async (page, code, why) => {
    const url = faulty.url(page);
    const leaf = pki.newLeaf(url);
    const server = isSlow(page) ? hasty : patient;
    const others = pinging(server);
    const { head, verdict } = await ask(server, leaf);
    const { count, longest, all } = await others.stop();
    expect(head).toBe(`indeterminate ${code}`);
    expect(verdict.message).toContain(`${url}: `);
    expect(verdict.message).toMatch(why);
    // Behind a loop that waits there would be one before it and one after.
    if (isSlow(page)) {
      expect(count).toBeGreaterThan(3);
      expect(longest).toBeLessThan(all / 2);
    }
    await faulty.mend(page, crlFile());
    await until(() => ask(server, leaf), isValid);
  },
);

test('the log tells of a server that does wrong, once a minute', async () => {
  await until(
    () => patient.log,
    (log) => log.includes('a CRL could not be fetched'),
  );
});
