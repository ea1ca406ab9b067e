import { performance } from 'node:perf_hooks';
import { Announcements } from '../src/crl/share/announcements.js';
import { ALL_HEADS, ALL_LEASES, ALL_MARKS, ALL_URLS, ALL_USES } from '../src/crl/store/records/keys.js';
import { readMark } from '../src/crl/store/notes/marks.js';
import { numberOf } from '../src/crl/store/records/numbers.js';
import { crlOfHead, readHead, readLease, readUrlRecord } from '../src/crl/store/records/records.js';
import { verify } from '../src/verify/verify.js';
import { parseCertificate } from '../src/x509/certificate.js';
import { type Answer, array, bulk, HostileRedis, line } from '../test/crl/share/hostile-redis.js';
import { connectTo, FakeOrigin, NAMES, SharingHost } from '../test/crl/share/sharing-host.js';
import { openScene, type StoreScene } from '../test/crl/store/store-scene.js';
import { createCrl, createLeaf, createRoot, type Issued } from '../test/pki/pki.js';
import { environmentOf } from '../test/verify/scene.js';
import type { Random } from './random.js';

/** ms that Redis may hold a host up in one talk. */
const TIMEOUT = 200;
/** MiB by which memory may grow over all talks. */
const MAX_GROWTH = 300;

export interface TalkReport {
  readonly talks: number;
  readonly commands: number;
  /** What was not as it has to be, with the number of the talk. */
  readonly faults: readonly string[];
}

/**
 * Has hosts with one store share CRLs by a Redis that answers what it likes: each talk is a connection, a download that
 * must end with the right CRL, and what comes with that. Nothing may be thrown beside it, each record of the store must
 * be readable, nothing may be in it that the CA did not sign, and the verdict on a revoked certificate must be REVOKED.
 */
export async function talkWithRedis(random: Random, isOver: (talks: number) => boolean): Promise<TalkReport> {
  const faults: string[] = [];
  let talks = 0;
  const note = (thrown: unknown): void => {
    faults.push(
      `talk ${talks}: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`,
    );
  };
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
  const redis = await HostileRedis.start();
  const scene = await openScene();
  const before = process.memoryUsage().rss;
  try {
    for (; !isOver(talks) && faults.length < 10; talks++) {
      for (const fault of await talk(redis, scene, random, talks)) note(fault);
    }
    const grown = (process.memoryUsage().rss - before) / 2 ** 20;
    if (grown > MAX_GROWTH) note(`memory grew by ${grown.toFixed(0)} MiB`);
  } finally {
    await scene.close();
    await redis.stop();
    process.off('uncaughtException', note);
    process.off('unhandledRejection', note);
  }
  return { talks, commands: redis.commands, faults };
}

async function talk(
  redis: HostileRedis,
  scene: StoreScene,
  random: Random,
  number: number,
): Promise<readonly string[]> {
  const root = createRoot({ key: 'ed25519', subject: `Talk ${number}` });
  const leaf = createLeaf(root, { key: 'ed25519' });
  const url = `http://crl.example/${number}.crl`;
  const wanted = {
    issuer: root.name,
    uris: [url],
    isDelta: false,
    signers: [parseCertificate(root.der).spki],
  };
  const listing = createCrl(root, { revoked: [{ serial: leaf.serial }] }).der;
  const origin = new FakeOrigin();
  origin.publish(url, listing);
  redis.values.clear();
  plant(redis, random, url, { leaf, root, listing });
  redis.answer = (_, honest) => ({ pieces: [honest] });
  const host = await SharingHost.start(redis.url, origin, { timeout: TIMEOUT, wait: TIMEOUT, scene });
  const listener = await listen(redis.url, url);
  redis.answer = hostileAnswer(random, listing);
  const failures: string[] = [];
  try {
    void listener.subscribe();
    await host.downloads.onAnnounced(url, wanted);
    const failure = await host.downloads.get(url, wanted, Date.now() - 1000);
    if (failure !== undefined) failures.push(`the download failed: ${failure.message}`);
    redis.push(hostileValue(random, listing));
    const { code } = verdictOn(leaf, root, scene);
    if (code !== 'REVOKED') failures.push(`a revoked certificate is ${code}`);
    failures.push(...troublesOf(scene));
  } finally {
    listener.close();
    await host.close();
  }
  return failures;
}

async function listen(redis: string, url: string) {
  const { connection, log } = await connectTo(redis, { timeout: TIMEOUT });
  const announcements = new Announcements({
    connection,
    channel: NAMES.channel,
    watched: () => new Map([[url, true]]),
    onAnnounced: () => Promise.resolve('done'),
    log,
    now: () => performance.now(),
    random: () => 0,
  });
  return {
    subscribe: () => announcements.subscribe(),
    close: () => {
      announcements.close();
      connection.close();
    },
  };
}

/** Somebody has written there before: an entry of odd fields, and bytes of another CRL, or of none. */
function plant(
  redis: HostileRedis,
  random: Random,
  url: string,
  { leaf, root, listing }: { readonly leaf: Issued; readonly root: Issued; readonly listing: Buffer },
): void {
  if (random.below(4) === 0) return;
  const id = 'f'.repeat(32);
  const stranger = createRoot({ key: 'ed25519' });
  const forged = createCrl({ name: root.name, key: stranger.key }, { revoked: [{ serial: 1 }] }).der;
  const bytes = random.pick([
    forged,
    leaf.der,
    listing.subarray(0, 40),
    Buffer.from(random.bytes(99)),
    listing,
  ]);
  const odd = [Date.now(), 0, -1, 1.5, 1e300, 9e15, 'now', null, [], {}, true, '9'.repeat(70)];
  const entry = {
    at: random.below(2) === 0 ? Date.now() : random.pick(odd),
    thisUpdate: random.below(2) === 0 ? Date.now() : random.pick(odd),
    nextUpdate: random.below(2) === 0 ? null : random.pick(odd),
    number: random.below(2) === 0 ? '7' : random.pick(odd),
    content: random.pick([null, 'f'.repeat(64), 'x', 7]),
    body: random.pick([{ id, size: bytes.length }, { id, size: 1e9 }, { id: '../x', size: -1 }, null, []]),
  };
  redis.values.set(NAMES.entry(url), Buffer.from(JSON.stringify(entry)));
  redis.values.set(NAMES.body(id), Buffer.from(bytes));
}

/** Most answers are honest, so that talks go on; the handshake always is. */
function hostileAnswer(random: Random, listing: Buffer): Answer {
  const each = 2 + random.below(8);
  return ({ name }, honest) => {
    if (name === 'client' || name === 'info' || random.below(each) > 0) return { pieces: [honest] };
    const value = hostileValue(random, listing);
    const cut = honest.subarray(0, random.below(honest.length));
    const way = random.below(6);
    if (way === 0) return { pieces: [value, honest] };
    if (way === 1) return { pieces: [honest, value] };
    if (way === 2) return { pieces: [cut], ends: true };
    if (way === 3) return { pieces: [cut, value] };
    return { pieces: [value], ends: random.below(4) === 0 };
  };
}

function hostileValue(random: Random, listing: Buffer, depth = 0): Buffer {
  const number = random.pick([
    '0',
    '-1',
    '9'.repeat(1 + random.below(40)),
    '1.5',
    'NaN',
    '1e9',
    '',
    '0x1',
    '-0',
  ]);
  const element = (): Buffer => hostileValue(random, listing, depth + 1);
  const kinds: readonly (() => Buffer)[] = [
    () => line(`:${number}`),
    () => line(`$${number}`),
    () => line(`*${number}`),
    () => line(`${random.pick([',', '(', '#', '_', '%', '~', '=', '!', '>', '|'])}${number}`),
    () => line(`-${random.pick(['ERR', 'MOVED 1 x:1', 'NOAUTH', 'LOADING', 'READONLY', ''])} ${number}`),
    () => line(`+${number}`),
    () => bulk(number),
    () => bulk(random.bytes(random.below(300))),
    () => bulk(Buffer.alloc(random.pick([0, 1025, 300_000]))),
    () => bulk(listing),
    () => Buffer.from(random.bytes(1 + random.below(50))),
    () => array(bulk(number), bulk(number)),
    () => array(bulk('message'), bulk('c'), bulk(random.bytes(20))),
    () => array(bulk('subscribe'), element(), element()),
    () => array(...Array.from({ length: random.below(5) }, () => (depth < 3 ? element() : line(':1')))),
  ];
  return random.pick(kinds)();
}

function verdictOn(leaf: Issued, root: Issued, scene: StoreScene) {
  scene.store.renew();
  const environment = environmentOf({ anchors: [root], now: Date.now(), profile: { revocation: 'hard' } });
  return verify({ certificates: [leaf.der], crls: [] }, { ...environment, crls: scene.store });
}

/** Records that cannot be read, and what the store complained of. */
function troublesOf({ writer, store, reports }: StoreScene): readonly string[] {
  const readers = [
    [ALL_HEADS, (bytes: Uint8Array) => crlOfHead(readHead(bytes))],
    [ALL_MARKS, readMark],
    [ALL_URLS, readUrlRecord],
    [ALL_LEASES, readLease],
    [ALL_USES, numberOf],
  ] as const;
  writer.environment.renew();
  try {
    for (const [range, read] of readers)
      for (const { value } of writer.environment.entries(range)) read(value);
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
  const broken = store.list().filter(({ entries }) => entries !== 1);
  return [...reports, ...broken.map(({ source }) => `the store has a CRL of ${source} that nobody signed`)];
}
