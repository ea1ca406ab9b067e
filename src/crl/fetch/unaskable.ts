import type { FetchFailure } from '../../wire/crl.js';
import { showUrl } from '../../show-url.js';
import { asFetchError, type FetchError } from './fetch-error.js';
import { parseFetchUrl } from './fetch-url.js';

/** Why no server can ever be asked for this URL, by its text alone; `undefined` where one can. */
export function unaskable(url: string): FetchFailure | undefined {
  try {
    parseFetchUrl(url);
    return undefined;
  } catch (error) {
    const failure = asFetchError(error);
    return { url, code: failure.code, message: fetchMessage(url, failure) };
  }
}

/** Why a CRL could not be fetched, with its URL, once, and the way out where there is one. */
export function fetchMessage(url: string, { fault, message }: FetchError): string {
  const wayOut = fault === 'unsupported' ? '; name another place of the CRL in crl.sources' : '';
  return `${showUrl(url)}: ${message}${wayOut}`;
}
