import { readFileSync } from 'node:fs';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import type { OptionValues } from '../../config/option-table.js';
import { messageOf, PkixdError } from '../../errors.js';
import { toPem } from '../../x509/pem.js';
import { readPkiObjects } from '../../x509/pki-objects.js';
import { AddressPolicy } from './address-policy.js';
import type { DownloaderOptions } from './downloader.js';
import { resolveBySystem } from './host-addresses.js';
import { chooseProxy } from './proxy-choice.js';

/** `crl.caFile` cannot be used: no server is asked with half of the roots. */
class CaFileError extends PkixdError {
  constructor(file: string, why: string, options?: ErrorOptions) {
    super('BAD_CA_FILE', `crl.caFile ${file}: ${why}`, options);
  }
}

/** The options of fetching. Reads `crl.caFile`; throws CaFileError. */
export function fetcherOptions(
  config: OptionValues,
  env: Readonly<Record<string, string | undefined>>,
): DownloaderOptions {
  return {
    policy: AddressPolicy.of(config),
    resolve: resolveBySystem,
    proxyFor: chooseProxy(config['crl.proxy'], env),
    secureContext: secureContextWith(config['crl.caFile']),
    connectTimeout: config['crl.connectTimeout'],
    stallTimeout: config['crl.stallTimeout'],
    fetchTimeout: config['crl.fetchTimeout'],
    maxSize: config['crl.maxSize'],
    maxRedirects: config['crl.maxRedirects'],
    parallel: config['crl.maxParallel'],
    parallelPerHost: config['crl.maxParallelPerHost'],
  };
}

/** Made once: to read the roots takes too long to do it for each connection. */
export function secureContextWith(caFile: string | null): SecureContext {
  if (caFile === null) return createSecureContext();
  try {
    const { certificates, distrusted } = readPkiObjects(readFileSync(caFile), 'certificate');
    if (certificates.length === 0) throw new Error('it does not hold a certificate');
    if (distrusted.length > 0) {
      throw new Error('the trust settings of one of its certificates say that it is not to be trusted');
    }
    return createSecureContext({
      ca: [...rootCertificates, ...certificates.map((der) => toPem('CERTIFICATE', der))],
    });
  } catch (error) {
    throw new CaFileError(caFile, messageOf(error), { cause: error });
  }
}
