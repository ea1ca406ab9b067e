import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { CrlRequest, FetchOutcome } from '../../../src/crl/fetch/crl-fetcher.js';
import { Downloads, type DownloadsOptions } from '../../../src/crl/supply/downloads.js';
import { NO_RECORD } from '../../../src/crl/store/records/records.js';
import type { StoredCrls } from '../../../src/crl/supply/stored-crls.js';
import { UrlNotes } from '../../../src/crl/supply/url-notes.js';
import { Logger } from '../../../src/log.js';
import { RepeatedWarnings } from '../../../src/repeated-warnings.js';
import type { WantedCrl } from '../../../src/wire/crl.js';
import type { CrlSummary, IngestOutcome, IngestRequest, UrlRecord } from '../../../src/wire/ingest.js';

const URL = 'http://crl.example/ca.crl';
const want = (signer = 1): WantedCrl => ({
  issuer: Uint8Array.of(0x30, 0),
  uris: [URL],
  isDelta: false,
  signers: [Uint8Array.of(signer)],
});
const SUMMARY: CrlSummary = {
  key: 'k',
  issuer: Uint8Array.of(0x30, 0),
  thisUpdate: 0,
  nextUpdate: null,
  number: 1n,
  isDelta: false,
  entries: 0,
  source: URL,
  storedAt: 0,
  signerId: '',
  content: '',
  bytes: 0,
  wanted: undefined,
};
const FETCHED: FetchOutcome = { kind: 'fetched', der: Buffer.of(1), validators: { etag: '"1"' }, url: URL };

const LOG = new Logger('error', 'test', () => undefined);

/** What all processes of a host share: records, leases, whether the CRL is there. */
class Host {
  readonly records = new Map<string, UrlRecord>();
  readonly leases = new Map<string, { holder: number; until: number }>();
  isThere = false;
  isWritable = true;
  ingestOutcome: IngestOutcome = { kind: 'stored', crl: SUMMARY };
  readonly asked: CrlRequest[] = [];
  readonly ingested: IngestRequest[] = [];
  /** Answers each request of whichever process. */
  answer: (request: CrlRequest) => Promise<FetchOutcome> = () => Promise.resolve(FETCHED);
  #processes = 0;

  process(more: Partial<DownloadsOptions> = {}, keepsDer = false): Downloads {
    const holder = ++this.#processes;
    return new Downloads({
      via: undefined,
      records: { urlRecord: (url) => this.records.get(url) },
      notes: this.notes(false),
      stored: {
        renew: () => undefined,
        newest: () =>
          this.isThere
            ? { thisUpdate: 0, nextUpdate: null, number: 1n, isWhole: !keepsDer, contents: [] }
            : undefined,
      } as unknown as StoredCrls,
      keeper: this.keeperOf(holder),
      fetch: (request) => {
        this.asked.push(request);
        return this.answer(request);
      },
      longest: 90_000,
      refresh: 3_600_000,
      shareWait: 3000,
      log: LOG,
      warnings: new RepeatedWarnings(LOG),
      now: Date.now,
      ...more,
    });
  }

  keeperOf(holder: number): DownloadsOptions['keeper'] {
    return {
      ingest: (request) => {
        this.ingested.push(request);
        this.isThere ||= this.ingestOutcome.kind === 'stored';
        return Promise.resolve(this.ingestOutcome);
      },
      acquireLease: (name, duration) => {
        if (!this.isWritable) return Promise.reject(new Error('the store is not open for writing'));
        const lease = this.leases.get(name);
        if (lease && lease.holder !== holder && lease.until > Date.now()) return Promise.resolve(false);
        this.leases.set(name, { holder, until: Date.now() + duration });
        return Promise.resolve(true);
      },
      releaseLease: (name) => {
        if (this.leases.get(name)?.holder === holder) this.leases.delete(name);
        return Promise.resolve();
      },
    };
  }

  notes(servesOthers: boolean): UrlNotes {
    return new UrlNotes({
      servesOthers,
      records: { urlRecord: (url) => this.records.get(url) },
      keeper: {
        note: (url, record) => {
          this.records.set(url, record);
          return Promise.resolve();
        },
        learn: (url, wanted) => {
          const record = this.records.get(url) ?? NO_RECORD;
          this.records.set(url, { wanted, ...record });
          return Promise.resolve();
        },
      },
      retry: { base: 10_000, most: 60_000 },
      warnings: new RepeatedWarnings(LOG),
      now: Date.now,
      random: () => 0,
    });
  }
}

let host: Host;
beforeEach(() => {
  jest.useFakeTimers();
  host = new Host();
});
afterEach(() => {
  jest.useRealTimers();
});

/** An answer that waits until the test gives it. */
function heldAnswer(): (outcome: FetchOutcome) => void {
  let release: (outcome: FetchOutcome) => void = () => undefined;
  host.answer = () => new Promise((resolve) => (release = resolve));
  return (outcome) => {
    release(outcome);
  };
}

test('one who serves others as a proxy adds its name to those on the way', async () => {
  await host.process().get(URL, want(), Date.now());
  const proxy = host.process({ via: 'me' });
  await proxy.get(URL, want(), Date.now() + 1);
  await proxy.get(URL, want(), Date.now() + 1, '1.0 a, 1.1 b');
  expect(host.asked.map(({ via }) => via)).toEqual([undefined, '1.1 me', '1.0 a, 1.1 b, 1.1 me']);
});

test('a loop that began with another client’s request does not count against the URL', async () => {
  const answer: FetchOutcome = {
    kind: 'failed',
    code: 'FETCH_FAILED',
    fault: 'loop',
    message: `${URL}: 508`,
  };
  host.answer = () => Promise.resolve(answer);
  const proxy = host.process({ via: 'me' });
  expect(await proxy.get(URL, want(), 0, '1.1 other')).toMatchObject({ code: 'FETCH_FAILED' });
  expect(host.records.has(URL)).toBe(false);
  await proxy.get(URL, want(), 0);
  expect(host.records.get(URL)).toMatchObject({ failures: 1 });
});

test('what a URL gave is remembered with its record: the CRL, and how old the answer was', async () => {
  host.answer = () => Promise.resolve({ ...FETCHED, age: 7000 });
  await host.process().get(URL, want(), 0);
  expect(host.records.get(URL)).toMatchObject({ crl: 'k', age: 7000, etag: '"1"' });
  host.answer = () => Promise.resolve({ kind: 'notModified', validators: {} });
  await host.process().get(URL, want(), Date.now() + 1);
  expect(host.records.get(URL)).toMatchObject({ crl: 'k', etag: '"1"' });
  expect(host.records.get(URL)).not.toHaveProperty('age');
});

test('what chains name is remembered where others are served: what a URL has given goes before it', async () => {
  const other = 'http://mirror.example/ca.crl';
  await host.notes(false).learn(other, want());
  expect(host.records.size).toBe(0);
  const notes = host.notes(true);
  const server = host.process({ notes });
  await notes.learn(other, { ...want(), source: other });
  expect(host.records.get(other)).toEqual({ ...NO_RECORD, wanted: want() });
  await notes.learn('ldap://crl.example/cn=a', want());
  await server.get(URL, want(1), 0);
  await notes.learn(URL, want(2));
  expect(host.records.get(URL)?.wanted).toEqual(want(1));
  expect([...host.records.keys()]).toEqual([other, URL]);
});

test('a CRL of which only the index was kept is asked for without validators where its bytes are wanted', async () => {
  await host.process().get(URL, want(), 0);
  await host.process({}, true).get(URL, want(), 0);
  await host.process().get(URL, want(), Date.now() + 1);
  expect(host.asked.map(({ validators }) => validators?.etag)).toEqual([undefined, undefined, '"1"']);
});

test('a URL whose content a process did not outlive is left alone, longer each time', async () => {
  const failure = { url: URL, code: 'FETCH_FAILED', message: expect.stringContaining('ended over that') };
  const dying = (): Downloads =>
    host.process({ keeper: { ...host.keeperOf(0), ingest: () => new Promise<never>(() => undefined) } });
  void dying().get(URL, want(), 0);
  await jest.advanceTimersByTimeAsync(100);
  expect(host.records.get(URL)).toMatchObject({ checking: Date.now() - 100 });
  // The process is gone, and its lease runs out.
  host.leases.clear();
  const next = host.process();
  expect(await next.get(URL, want(), 0)).toMatchObject(failure);
  expect(host.asked).toHaveLength(1);
  expect(host.leases.size).toBe(0);
  expect(host.records.get(URL)).toMatchObject({ failures: 1, retryAt: Date.now() + 10_000 });
  expect(await next.get(URL, want(), 0)).toMatchObject({ code: 'FETCH_FAILED' });
  expect(host.asked).toHaveLength(1);
  await jest.advanceTimersByTimeAsync(10_000);
  void dying().get(URL, want(), 0);
  await jest.advanceTimersByTimeAsync(100);
  host.leases.clear();
  expect(await next.get(URL, want(), 0)).toMatchObject(failure);
  expect(host.records.get(URL)).toMatchObject({ failures: 2, retryAt: Date.now() + 20_000 });
  // An operator's order asks nevertheless, and what it finds takes the word back.
  await next.getNow(URL, want());
  expect(host.records.get(URL)).not.toHaveProperty('checking');
  expect(host.records.get(URL)).toMatchObject({ failures: 0 });
});

test('what was looked into and refused leaves no word of a check', async () => {
  host.ingestOutcome = { kind: 'refused', code: 'CRL_BAD_SIGNATURE', message: 'bad' };
  await host.process().get(URL, want(), 0);
  expect(host.records.get(URL)).not.toHaveProperty('checking');
  expect(host.records.get(URL)).toMatchObject({ failures: 0 });
});

test('requests of one process for the same CRL share one download', async () => {
  const process = host.process();
  const all = Array.from({ length: 20 }, () => process.get(URL, want(), 0));
  expect(await Promise.all(all)).toEqual(Array.from({ length: 20 }, () => undefined));
  expect(host.asked).toHaveLength(1);
  expect(host.leases.size).toBe(0);
});

test('while one process downloads the others wait, and find what it got', async () => {
  const release = heldAnswer();
  const processes = [host.process(), host.process(), host.process()];
  const all = processes.map((process) => process.get(URL, want(), Date.now()));
  await jest.advanceTimersByTimeAsync(20_000);
  expect(host.asked).toHaveLength(1);
  release(FETCHED);
  await jest.advanceTimersByTimeAsync(200);
  expect(await Promise.all(all)).toEqual([undefined, undefined, undefined]);
  expect(host.asked).toHaveLength(1);
});

test('they share its failure too, and ask no more until its time has come', async () => {
  const release = heldAnswer();
  const processes = [host.process(), host.process()];
  const all = processes.map((process) => process.get(URL, want(), Date.now()));
  await jest.advanceTimersByTimeAsync(200);
  release({ kind: 'failed', code: 'FETCH_FAILED', fault: 'status', message: `${URL}: 404` });
  await jest.advanceTimersByTimeAsync(200);
  for (const failure of await Promise.all(all)) {
    expect(failure).toMatchObject({ url: URL, code: 'FETCH_FAILED' });
    expect(failure?.message).toContain('404');
  }
  host.answer = () => Promise.resolve(FETCHED);
  expect(await processes[0]?.get(URL, want(), Date.now())).toMatchObject({ code: 'FETCH_FAILED' });
  expect(host.asked).toHaveLength(1);
  jest.advanceTimersByTime(11_000);
  expect(await processes[0]?.get(URL, want(), Date.now())).toBeUndefined();
  expect(host.asked).toHaveLength(2);
});

test('the lease of a process that died is free after a few seconds', async () => {
  host.leases.set(`fetch ${URL}`, { holder: 99, until: Date.now() + 6000 });
  const waiting = host.process().get(URL, want(), Date.now());
  await jest.advanceTimersByTimeAsync(5500);
  expect(host.asked).toHaveLength(0);
  await jest.advanceTimersByTimeAsync(1000);
  expect(await waiting).toBeUndefined();
  expect(host.asked).toHaveLength(1);
});

test('a process whose lease is never given up is waited for so long and no longer', async () => {
  host.leases.set(`fetch ${URL}`, { holder: 99, until: Infinity });
  const waiting = host.process().get(URL, want(), Date.now());
  await jest.advanceTimersByTimeAsync(91_000);
  expect(await waiting).toMatchObject({ code: 'FETCH_FAILED' });
  expect(host.asked).toHaveLength(0);
});

test('what was fetched a moment ago is not fetched again, unless it is no longer there', async () => {
  const process = host.process();
  await process.get(URL, want(), 0);
  await process.get(URL, want(), Date.now() - 1000);
  expect(host.asked).toHaveLength(1);
  host.isThere = false;
  await process.get(URL, want(), Date.now() - 1000);
  expect(host.asked).toHaveLength(2);
  // Nothing is there that "not modified" could mean.
  expect(host.asked[1]?.validators).toBeUndefined();
});

test('what is there is asked for with its validators, and "not modified" counts as an answer', async () => {
  const process = host.process();
  await process.get(URL, want(), 0);
  jest.advanceTimersByTime(5000);
  host.answer = () => Promise.resolve({ kind: 'notModified', validators: {} });
  expect(await process.get(URL, want(), Date.now())).toBeUndefined();
  expect(host.asked[1]?.validators).toEqual({ etag: '"1"' });
  expect(host.records.get(URL)).toMatchObject({ etag: '"1"', fetchedAt: Date.now(), failures: 0 });
});

test('a refused CRL affects only wants with the same signers', async () => {
  const process = host.process();
  host.ingestOutcome = { kind: 'refused', code: 'CRL_BAD_SIGNATURE', message: `${URL}: bad` };
  expect(await process.get(URL, want(1), 0)).toMatchObject({ code: 'CRL_BAD_SIGNATURE' });
  expect(await process.get(URL, want(1), Date.now())).toMatchObject({ code: 'CRL_BAD_SIGNATURE' });
  expect(host.asked).toHaveLength(1);
  host.ingestOutcome = { kind: 'stored', crl: SUMMARY };
  expect(await process.get(URL, want(2), Date.now())).toBeUndefined();
  expect(host.asked).toHaveLength(2);
});

test('a CRL older than one that was there before is said to be', async () => {
  host.ingestOutcome = { kind: 'notNewer', age: 'older', crl: null };
  expect(await host.process().get(URL, want(), 0)).toMatchObject({ code: 'CRL_STALE' });
});

test('a store that cannot be written is a failure with its reason, not a wait', async () => {
  host.isWritable = false;
  expect(await host.process().get(URL, want(), 0)).toMatchObject({
    code: 'FETCH_FAILED',
    message: `${URL}: the store is not open for writing`,
  });
});

test('what no server is asked for leaves no trace', async () => {
  const ldap = 'ldap://directory.example/cn=CA';
  host.answer = () =>
    Promise.resolve({ kind: 'failed', code: 'FETCH_FAILED', fault: 'unsupported', message: 'no LDAP' });
  expect(await host.process().get(ldap, want(), 0)).toMatchObject({ message: 'no LDAP' });
  expect([host.records.size, host.leases.size]).toEqual([0, 0]);
});

test('many wants of one dead URL ask it once, and warn once', async () => {
  host.answer = () =>
    Promise.resolve({ kind: 'failed', code: 'FETCH_FAILED', fault: 'status', message: `${URL}: 404` });
  const lines: string[] = [];
  const log = new Logger('warn', 'test', ({ message }) => void lines.push(message));
  const downloads = host.process({ warnings: new RepeatedWarnings(log) });
  const wants = Array.from({ length: 1500 }, (_, signer) => ({
    ...want(),
    signers: [Uint8Array.of(signer >> 8, signer)],
  }));
  const failures = await Promise.all(wants.map((each) => downloads.get(URL, each, 0)));
  expect(failures.every((failure) => failure?.code === 'FETCH_FAILED')).toBe(true);
  expect(host.asked).toHaveLength(1);
  expect(lines).toEqual(['a CRL could not be fetched']);
});

test('many URLs of one dead host warn once', async () => {
  host.answer = ({ url }) =>
    Promise.resolve({ kind: 'failed', code: 'FETCH_FAILED', fault: 'status', message: `${url}: refused` });
  const lines: unknown[] = [];
  const log = new Logger('warn', 'test', ({ fields }) => void lines.push(fields['before']));
  const downloads = host.process({ warnings: new RepeatedWarnings(log) });
  await Promise.all(Array.from({ length: 500 }, (_, n) => downloads.get(`${URL}${n}`, want(), 0)));
  expect(lines).toEqual([undefined]);
  jest.setSystemTime(Date.now() + 3_600_000);
  jest.advanceTimersByTime(61_000);
  await downloads.get(URL, want(), 0);
  expect(lines).toEqual([undefined, 499]);
});

test('the digest of refused content is stored; unreadable content is refused for all wants', async () => {
  const refused = { kind: 'refused', code: 'CRL_BAD_SIGNATURE', message: `${URL}: no`, digest: 'd' } as const;
  host.ingestOutcome = refused;
  const downloads = host.process();
  await downloads.get(URL, want(), 0);
  jest.setSystemTime(Date.now() + 30_000);
  await downloads.get(URL, want(), 0);
  expect(host.ingested.map((request) => request.refused)).toEqual([
    undefined,
    { digest: 'd', code: 'CRL_BAD_SIGNATURE', message: `${URL}: no` },
  ]);
  // Another want of the URL has to do with it.
  expect(await downloads.get(URL, want(2), 0)).toBeDefined();
  expect(host.ingested.at(-1)?.refused).toBeUndefined();
  host.ingestOutcome = { ...refused, code: 'CRL_MALFORMED', isForAll: true };
  await downloads.get(`${URL}2`, want(), 0);
  const asked = host.asked.length;
  expect(await downloads.get(`${URL}2`, want(2), 0)).toMatchObject({ code: 'CRL_MALFORMED' });
  expect(host.asked).toHaveLength(asked);
});
