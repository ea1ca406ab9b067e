import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import type { OptionValues } from '../config/option-table.js';
import { messageOf, PkixdError } from '../errors.js';
import { subjectOfBroken } from '../x509/certificate-title.js';
import { type Certificate, parseCertificate } from '../x509/certificate.js';
import { type PkiObjects, readPkiObjects, readPkiText } from '../x509/pki-objects.js';
import { X509Error } from '../x509/x509-error.js';

/** Trust anchors could not be read: nothing is verified with half of them. */
class AnchorError extends PkixdError {
  constructor(source: string, why: string, options?: ErrorOptions) {
    super('BAD_ANCHORS', `trust anchors of ${source}: ${why}`, options);
  }
}

/** Usual places of the system's bundle; SSL_CERT_FILE comes first. */
const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
];

/** `HASH.0` and so on are the names of `openssl rehash`. */
const CERTIFICATE_FILE = /\.(?:pem|crt|cer|der|p7b|p7c)$|^[\da-f]{8}\.\d+$/i;

export interface AnchorOptions {
  /** What to do about a certificate that cannot be an anchor: `stop` throws, `skip` leaves it out. */
  readonly broken: OptionValues['trust.brokenAnchors'];
  /** Called for each certificate that is left out, and for unused content of a file. */
  readonly report?: (message: string) => void;
}

/** The anchors of one entry of `trust.anchors`: `node`, `system`, a file or a folder. Throws `AnchorError`. */
export function readAnchors(entry: string, options: AnchorOptions): Certificate[] {
  if (entry === 'node') {
    return readPkiText(rootCertificates.join('\n')).certificates.map((der) => parseCertificate(der));
  }
  if (entry === 'system') return readFile(systemBundle(), options);
  return isFolder(entry) ? readFolder(entry, options) : readFile(entry, options);
}

function systemBundle(): string {
  const bundles = [process.env['SSL_CERT_FILE'] ?? '', ...SYSTEM_BUNDLES].filter((path) => path !== '');
  const found = bundles.find((path) => existsSync(path));
  if (found === undefined) throw new AnchorError('the system', `none of ${bundles.join(', ')} is there`);
  return found;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw new AnchorError(path, messageOf(error), { cause: error });
  }
}

function readFolder(folder: string, options: AnchorOptions): Certificate[] {
  const names = readdirSync(folder).filter((name) => CERTIFICATE_FILE.test(name));
  if (names.length === 0) {
    throw new AnchorError(folder, 'the folder holds no .pem, .crt, .cer, .der, .p7b, .p7c or HASH.0');
  }
  const found = names.toSorted().flatMap((name) => readFile(join(folder, name), options));
  // `openssl rehash` links each file under a second name.
  return [...new Map(found.map((certificate) => [certificate.fingerprint, certificate])).values()];
}

function readFile(path: string, options: AnchorOptions): Certificate[] {
  const objects = readObjects(path);
  for (const remark of new Set(objects.remarks)) options.report?.(`trust anchors of ${path}: ${remark}`);
  const { good, odd } = sort(objects);
  if (odd.length > 0 && options.broken === 'stop') {
    const others = odd.length === 1 ? '' : `; and ${odd.length - 1} more`;
    throw new AnchorError(path, `${odd[0]}${others}; trust.brokenAnchors: skip leaves such certificates out`);
  }
  for (const why of odd)
    options.report?.(`trust anchors of ${path}: ${why}; it is left out (trust.brokenAnchors: skip)`);
  if (good.length > 0) return good;
  throw new AnchorError(
    path,
    odd.length > 0
      ? `none of its certificates can be an anchor: ${odd[0]}`
      : 'it does not hold a certificate',
  );
}

function readObjects(path: string): PkiObjects {
  try {
    // Reading a FIFO or a device could block a thread for ever.
    if (!statSync(path).isFile()) throw new Error('it is neither a file nor a folder');
    return readPkiObjects(readFileSync(path), 'certificate');
  } catch (error) {
    throw new AnchorError(path, messageOf(error), { cause: error });
  }
}

/** The certificates that can be anchors, and why the others cannot. */
function sort({ certificates, distrusted }: PkiObjects): {
  readonly good: Certificate[];
  readonly odd: readonly string[];
} {
  const good: Certificate[] = [];
  const odd: string[] = [];
  for (const [index, der] of certificates.entries()) {
    const title = (): string => subjectOfBroken(der) ?? `certificate ${index + 1} of ${certificates.length}`;
    try {
      const certificate = parseCertificate(der);
      if (distrusted.includes(der))
        odd.push(`${title()}: its OpenSSL trust settings say that it is not to be trusted`);
      else good.push(certificate);
    } catch (error) {
      if (!(error instanceof X509Error)) throw error;
      odd.push(`${title()}: ${error.message}`);
    }
  }
  return { good, odd };
}
