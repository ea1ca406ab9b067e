import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { messageOf, PkixdError } from '../errors.js';
import { type Certificate, parseCertificate } from '../x509/certificate.js';
import { parsePem } from '../x509/pem.js';

/** Trust anchors could not be read: nothing is verified with half of them. */
class AnchorError extends PkixdError {
  constructor(source: string, why: string, options?: ErrorOptions) {
    super('BAD_ANCHORS', `trust anchors of ${source}: ${why}`, options);
  }
}

/** Where systems keep the bundle; the environment's SSL_CERT_FILE goes before them. */
const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
];

const CERTIFICATE_FILE = /\.(?:pem|crt|cer|der)$/i;
const DER_SEQUENCE = 0x30;

/** The anchors of one entry of `trust.anchors`: `node`, `system`, a file or a folder. Throws `AnchorError`. */
export function readAnchors(entry: string): Certificate[] {
  if (entry === 'node')
    return rootCertificates.flatMap((pem) => parseAll(Buffer.from(pem), "Node's own roots"));
  if (entry === 'system') return readFile(systemBundle());
  return isFolder(entry) ? readFolder(entry) : readFile(entry);
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
  } catch (cause) {
    throw new AnchorError(path, messageOf(cause), { cause });
  }
}

function readFolder(folder: string): Certificate[] {
  const names = readdirSync(folder).filter((name) => CERTIFICATE_FILE.test(name));
  if (names.length === 0) throw new AnchorError(folder, 'the folder holds no .pem, .crt, .cer or .der');
  return names.toSorted().flatMap((name) => readFile(join(folder, name)));
}

function readFile(path: string): Certificate[] {
  let content: Buffer;
  try {
    // A FIFO or a device could hold a thread up for ever.
    if (!statSync(path).isFile()) throw new Error('it is neither a file nor a folder');
    content = readFileSync(path);
  } catch (cause) {
    throw new AnchorError(path, messageOf(cause), { cause });
  }
  const certificates = parseAll(content, path);
  if (certificates.length === 0) throw new AnchorError(path, 'it holds no certificate');
  return certificates;
}

function parseAll(content: Buffer, source: string): Certificate[] {
  try {
    if (content[0] === DER_SEQUENCE) return [parseCertificate(content)];
    return parsePem(content.toString('latin1'))
      .filter(({ label }) => label === 'CERTIFICATE')
      .map(({ der }) => parseCertificate(der));
  } catch (cause) {
    throw new AnchorError(source, messageOf(cause), { cause });
  }
}
