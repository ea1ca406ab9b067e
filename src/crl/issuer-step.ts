import type { Config } from '../config/config.js';
import type { Logger } from '../log.js';
import type { RepeatedWarnings } from '../repeated-warnings.js';
import { decodeTrusted, encode } from '../wire/codec.js';
import type { IssuersRequest, Supplied } from '../wire/crl.js';
import { CertificateFetcher } from './fetch/certificate-fetcher.js';
import type { DownloaderOptions } from './fetch/downloader.js';
import { IssuerService } from './supply/issuer-service.js';

/** The step that fetches missing issuers from `aia.hosts`: bytes in, bytes out, as in crl-services.ts. */
export function createIssuerStep(
  config: Config,
  fetching: DownloaderOptions,
  log: Logger,
  warnings: RepeatedWarnings,
) {
  const fetcher = new CertificateFetcher(fetching, config['aia.hosts']);
  const service = new IssuerService({
    fetch: (url, signal) => fetcher.fetch(url, signal),
    retry: config['crl.retry'],
    log,
    warnings,
    now: Date.now,
  });
  return {
    run: async (body: Uint8Array, patience: number): Promise<Uint8Array> => {
      const { wanted, supplied } = decodeTrusted<IssuersRequest>(body);
      const { certificates, failures } = await service.supply(wanted, patience);
      const { issuers } = supplied;
      const found: Supplied = {
        ...supplied,
        issuers: {
          ...issuers,
          certificates: [...issuers.certificates, ...certificates],
          failures: [...issuers.failures, ...failures],
        },
      };
      return encode(found);
    },
    close: async (): Promise<void> => {
      await service.close();
      await fetcher.close();
    },
  };
}
