import type { Config } from '../config/config.js';
import { IssuerWants } from '../verify/missing-issuers.js';
import { encode } from '../wire/codec.js';
import type { IssuersRequest, Supplied } from '../wire/crl.js';
import { type FetchedIssuers, ISSUERS_STEP } from '../wire/issuers.js';
import type { VerifyRequest } from '../wire/request.js';
import type { TaskResult } from '../wire/task.js';

/** The most URLs, and rounds, for the issuers of one request. */
const MAX_URLS = 8;
const MAX_ROUNDS = 2;

export const NO_ISSUERS: FetchedIssuers = { asked: [], rounds: 0, certificates: [], failures: [] };

/** Collects the missing issuers of a request; `undefined` if the configuration does not fetch issuers. */
export function issuerWantsFor(config: Config, { issuers }: Supplied): IssuerWants | undefined {
  if (config['aia.hosts'].length === 0) return undefined;
  return new IssuerWants({
    maxUrls: issuers.rounds < MAX_ROUNDS ? MAX_URLS - issuers.asked.length : 0,
    asked: new Set(issuers.asked),
    failures: issuers.failures,
  });
}

/** Added as candidates after those of the request. */
export function withIssuers(request: VerifyRequest, { issuers }: Supplied): VerifyRequest {
  if (issuers.certificates.length === 0) return request;
  return { ...request, certificates: [...request.certificates, ...issuers.certificates] };
}

/** The step that is needed before a verdict; `undefined` if none is. */
export function issuerNeeds(
  wants: IssuerWants | undefined,
  supplied: Supplied,
): Extract<TaskResult, { readonly needs: unknown }> | undefined {
  const wanted = wants?.list() ?? [];
  if (wanted.length === 0) return undefined;
  const { issuers } = supplied;
  const asked = [...issuers.asked, ...wanted.flat()];
  const request: IssuersRequest = {
    wanted,
    supplied: { ...supplied, issuers: { ...issuers, asked, rounds: issuers.rounds + 1 } },
  };
  return { needs: { step: ISSUERS_STEP, body: encode(request) } };
}
