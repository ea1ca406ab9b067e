import { PkixdError } from '../errors.js';
import { decode, encode } from '../wire/codec.js';
import { FETCH_ORDER, type FetchOrder, KNOWN_ORDER, type KnownReply, type WantedCrl } from '../wire/crl.js';
import type { CrlStore } from './store/crl-store.js';
import type { CrlService } from './supply/crl-service.js';
import { crlUrls } from './supply/crl-urls.js';
import { refusalName } from './supply/url-records.js';

/** Entries of one reply. */
const PART = 500;

/** Operators' orders about CRLs to this process: bytes in, bytes out, as in crl-services.ts. */
export function createCrlOrders(store: CrlStore, service: () => CrlService | undefined) {
  const running = (): CrlService => {
    const found = service();
    if (found === undefined) throw new PkixdError('BUSY', 'the process has only begun to start; try again');
    return found;
  };
  return {
    [KNOWN_ORDER]: (body: Uint8Array): Promise<Uint8Array> => {
      const { url, from } = fieldsOf(body);
      const orders = known(store, running(), typeof url === 'string' ? url : undefined);
      const first = Number(from);
      const next = first + PART < orders.length ? first + PART : null;
      const reply: KnownReply = { orders: orders.slice(first, first + PART), next };
      return Promise.resolve(encode(reply));
    },
    [FETCH_ORDER]: async (body: Uint8Array): Promise<Uint8Array> =>
      encode(await running().fetchNow(toFetchOrder(fieldsOf(body)))),
  };
}

/** The CRLs of the store, and those that this process keeps fresh; each once. */
function known(store: CrlStore, service: CrlService, url: string | undefined): readonly FetchOrder[] {
  store.renew();
  const stored = store.list().flatMap(({ wanted }) => (wanted === undefined ? [] : [wanted]));
  const all = [...stored.map((wanted) => ({ wanted, urls: crlUrls(wanted) })), ...service.inUse];
  const orders = new Map<string, FetchOrder>();
  for (const { wanted, urls } of all) {
    if (url !== undefined && !urls.includes(url)) continue;
    const asked = url === undefined ? crlUrls(wanted) : [url];
    // If a CA has several keys, CRLs of one place differ in their signers; the first has one of them.
    const place = [asked, wanted.uris, wanted.source ?? ''].join('\n');
    const name = refusalName(place, { ...wanted, signers: [] });
    const before = orders.get(name);
    orders.set(name, {
      wanted: before === undefined ? wanted : withSigners(before.wanted, wanted),
      urls: asked,
    });
  }
  return [...orders.values()];
}

function withSigners(wanted: WantedCrl, { signers }: WantedCrl): WantedCrl {
  const all = [...wanted.signers, ...signers];
  const distinct = new Map(all.map((spki) => [Buffer.from(spki).toString('base64'), spki]));
  return { ...wanted, signers: [...distinct.values()] };
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(body: Uint8Array): Fields {
  const value = decode(body);
  if (typeof value === 'object' && value !== null) return { ...value };
  throw new PkixdError('BAD_ARGUMENT', 'an order about CRLs is a map');
}

/** The sender of orders is trusted, but may be of another release. */
function toFetchOrder({ wanted, urls }: Fields): FetchOrder {
  const { issuer, uris, isDelta, signers, source }: Fields =
    typeof wanted === 'object' && wanted !== null ? { ...wanted } : {};
  if (
    !isTexts(urls) ||
    !isTexts(uris) ||
    !(issuer instanceof Uint8Array) ||
    typeof isDelta !== 'boolean' ||
    !Array.isArray(signers) ||
    !signers.every((spki) => spki instanceof Uint8Array) ||
    (source !== undefined && typeof source !== 'string')
  ) {
    throw new PkixdError('BAD_ARGUMENT', 'an order to fetch a CRL is a map { wanted, urls }');
  }
  return { wanted: { issuer, uris, isDelta, signers, ...(source !== undefined && { source }) }, urls };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}
