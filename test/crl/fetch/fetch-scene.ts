import { loadConfig } from '../../../src/config/load.js';
import { CrlFetcher, type CrlRequest, type FetchOutcome } from '../../../src/crl/fetch/crl-fetcher.js';
import type { DownloaderOptions } from '../../../src/crl/fetch/downloader.js';
import { fetcherOptions } from '../../../src/crl/fetch/fetcher-options.js';
import { PATIENT_FETCHES } from '../../patient-fetches.js';

type Flags = Readonly<Record<string, unknown>>;
const open: CrlFetcher[] = [];

/** A fetcher as the configuration makes it; `closeFetchers` closes it. */
export function fetcherWith(
  flags: Flags = {},
  changes: Partial<DownloaderOptions> & { env?: Readonly<Record<string, string>> } = {},
): CrlFetcher {
  const { env = {}, ...options } = changes;
  const config = loadConfig({ env: {}, flags: { ...PATIENT_FETCHES, ...flags }, cwd: '/' });
  const fetcher = new CrlFetcher({ ...fetcherOptions(config, env), ...options });
  open.push(fetcher);
  return fetcher;
}

export async function closeFetchers(): Promise<void> {
  await Promise.all(open.splice(0).map((fetcher) => fetcher.close()));
}

export function fetchWith(
  fetcher: CrlFetcher,
  url: string,
  more: Partial<CrlRequest> = {},
): Promise<FetchOutcome> {
  return fetcher.fetch({ url, signal: new AbortController().signal, ...more });
}
