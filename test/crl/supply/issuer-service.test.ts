import { expect, test } from '@jest/globals';
import type { CertificatesOutcome } from '../../../src/crl/fetch/certificate-fetcher.js';
import { IssuerService } from '../../../src/crl/supply/issuer-service.js';
import { Logger } from '../../../src/log.js';
import { RepeatedWarnings } from '../../../src/repeated-warnings.js';

const fetched = (octets = 3): CertificatesOutcome => ({
  kind: 'fetched',
  certificates: [new Uint8Array(octets)],
});
const failed = {
  kind: 'failed',
  code: 'FETCH_FAILED',
  fault: 'status',
  message: 'http://a/: 404',
} satisfies CertificatesOutcome;

function setUp(outcomes: Readonly<Record<string, CertificatesOutcome>>) {
  const asked: string[] = [];
  const clock = { now: 0 };
  const service = new IssuerService({
    fetch: (url, signal) => {
      asked.push(url);
      const outcome = outcomes[url];
      if (outcome !== undefined) return Promise.resolve(outcome);
      return new Promise<CertificatesOutcome>((resolve) => {
        signal.addEventListener('abort', () => resolve({ ...failed, fault: 'aborted' }));
      });
    },
    retry: 1000,
    log: new Logger('debug', 'test', () => undefined),
    warnings: new RepeatedWarnings(new Logger('debug', 'test', () => undefined)),
    now: () => clock.now,
  });
  return { service, asked, clock };
}

test('a URL is asked once, however many want it at once and thereafter, and again after an hour', async () => {
  const { service, asked, clock } = setUp({ 'http://a/': fetched() });
  const ask = () => service.supply([['http://a/']], 1000);
  const found = { certificates: [new Uint8Array(3)], failures: [] };
  expect(await Promise.all([ask(), ask()])).toEqual([found, found]);
  expect(await ask()).toEqual(found);
  expect(asked).toHaveLength(1);
  clock.now = 3_600_000;
  await ask();
  expect(asked).toHaveLength(2);
});

test('one place after the other is asked, and one that failed is left alone for a while', async () => {
  const { service, asked, clock } = setUp({ 'http://a/': failed, 'http://b/': fetched() });
  const ask = () => service.supply([['http://a/', 'http://b/']], 1000);
  expect(await ask()).toMatchObject({ certificates: [expect.anything()], failures: [] });
  await ask();
  expect(asked).toEqual(['http://a/', 'http://b/']);
  clock.now = 1000;
  await ask();
  expect(asked).toEqual(['http://a/', 'http://b/', 'http://a/']);
  expect(await service.supply([['http://a/']], 1000)).toEqual({
    certificates: [],
    failures: ['http://a/: 404'],
  });
});

test('a request waits only so long, and closing ends what it waited for', async () => {
  const { service } = setUp({ 'http://a/': fetched() });
  const { certificates, failures } = await service.supply([['http://slow/'], ['http://a/']], 20);
  expect(certificates).toHaveLength(1);
  expect(failures).toEqual(['http://slow/: it had not come after 20 ms (crl.maxWait)']);
  await service.close();
});

test('more octets than are worth remembering are no answer', async () => {
  const { service } = setUp({ 'http://a/': fetched(70_000) });
  const { certificates, failures } = await service.supply([['http://a/']], 1000);
  expect(certificates).toEqual([]);
  expect(failures).toEqual(['http://a/: its certificates have 70000 octets, more than 65536']);
});
