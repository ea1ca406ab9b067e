import { checkCriticalExtensions } from '../../verify/revocation/crl-extensions.js';
import { checkIssued } from '../../verify/revocation/crl-freshness.js';
import { spkiId } from '../../verify/keys/ca-key.js';
import { nameKeys, uriNameKey } from '../../verify/revocation/distribution-points.js';
import { VerifyError } from '../../verify/failure.js';
import { identifierText, namedKey } from '../../verify/keys/key-name.js';
import type { IngestRequest } from '../../wire/ingest.js';
import type { Crl } from '../../x509/crl.js';
import { DerReader } from '../../x509/der.js';
import { formatName, readName, sameName } from '../../x509/name.js';
import { importPublicKey } from '../../x509/public-key.js';
import { verifySignature } from '../../x509/signature.js';
import { X509Error } from '../../x509/x509-error.js';
import type { Deadline } from './deadline.js';

/** Candidate signers that are tried: each costs a hash over the whole CRL. */
const MAX_SIGNERS = 16;

/**
 * Everything about a CRL but its entries: extensions, time, who signed it, and scope, which is compared only once a known
 * key stands for it; the issuer's name also where none does, to say whose CRL it is. Returns the signer's id (see `IndexedCrl`). Throws `VerifyError`, `X509Error`,
 * and `StoreError` where it takes too long.
 */
export function checkCrl(
  crl: Crl,
  { signers, wanted }: IngestRequest,
  now: number,
  deadline: Deadline,
): string {
  checkCriticalExtensions(crl);
  checkIssued(crl, { now });
  const signer = signerFor(crl, signers, wanted, deadline);
  if (wanted !== undefined) checkWanted(crl, wanted);
  deadline.check('comparing its scope');
  return signer;
}

/** If no key fits because the CRL is another issuer's, that is the error. */
function signerFor(
  crl: Crl,
  signers: readonly Uint8Array[],
  wanted: IngestRequest['wanted'],
  deadline: Deadline,
): string {
  try {
    return signerOf(crl, signers, deadline);
  } catch (error) {
    if (error instanceof VerifyError && wanted !== undefined) checkIssuer(crl, wanted);
    throw error;
  }
}

function checkIssuer(crl: Crl, { issuer }: NonNullable<IngestRequest['wanted']>): void {
  const name = readName(new DerReader(issuer), 'issuer');
  if (sameName(crl.issuer, name)) return;
  throw new VerifyError('CRL_SCOPE', `the CRL is of ${formatName(crl.issuer)}, not of ${formatName(name)}`);
}

/**
 * Checks that it is the CRL of that distribution point. A CRL of another issuer, or another part of a partitioned CRL,
 * would not serve requests for this one (§6.3.3 (b)).
 */
function checkWanted(crl: Crl, wanted: NonNullable<IngestRequest['wanted']>): void {
  const { uris, isDelta } = wanted;
  checkIssuer(crl, wanted);
  if (crl.isDelta && !isDelta)
    throw new VerifyError('CRL_SCOPE', 'a delta CRL lies where a complete one should');
  const point = crl.issuingDistributionPoint?.distributionPoint;
  if (point === undefined) return;
  const uriKeys = [...nameKeys(point, [crl.issuer])].filter((key) => key.startsWith(URI));
  // Points named by other forms are compared at each use alone.
  if (uriKeys.length === 0 || uris.length === 0) return;
  if (!uris.some((uri) => uriKeys.includes(uriNameKey(uri)))) {
    const named = uriKeys.map((key) => key.slice(URI.length)).join(', ');
    throw new VerifyError('CRL_SCOPE', `the CRL is for another distribution point: ${named}`);
  }
}

const URI = 'uri ';

/** Tried in the order given; what is wrong with one is told only when none fits. */
function signerOf(crl: Crl, signers: readonly Uint8Array[], deadline: Deadline): string {
  let failure: X509Error | undefined;
  for (const spki of signers.slice(0, MAX_SIGNERS)) {
    deadline.check('checking its signature');
    try {
      if (verifySignature(crl.signatureAlgorithm, crl.tbs, crl.signature, importPublicKey(spki)))
        return spkiId(spki);
    } catch (error) {
      if (!(error instanceof X509Error)) throw error;
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
  if (signers.length === 0) {
    throw new VerifyError(
      'CRL_ISSUER_UNTRUSTED',
      `there is no key of ${formatName(crl.issuer)} to check the CRL with`,
    );
  }
  const wanted = namedKey(crl);
  const hint = wanted === undefined ? '' : `; it names the key ${identifierText(wanted)}`;
  throw new VerifyError(
    'CRL_BAD_SIGNATURE',
    `the CRL's signature is that of no known key of ${formatName(crl.issuer)}${hint}`,
  );
}
