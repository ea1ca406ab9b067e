import { RecentOctets } from './recent-octets.js';
import { malformed } from './x509-error.js';

/** The object identifiers that this program knows by name. */
export const OID = {
  // RFC 5280 §4.2.1, §5.2, §5.3
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  issuerAltName: '2.5.29.18',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  reasonCode: '2.5.29.21',
  invalidityDate: '2.5.29.24',
  deltaCrlIndicator: '2.5.29.27',
  issuingDistributionPoint: '2.5.29.28',
  certificateIssuer: '2.5.29.29',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  anyPolicy: '2.5.29.32.0',
  policyMappings: '2.5.29.33',
  authorityKeyIdentifier: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  anyExtendedKeyUsage: '2.5.29.37.0',
  freshestCrl: '2.5.29.46',
  inhibitAnyPolicy: '2.5.29.54',
  noRevAvail: '2.5.29.56',
  // RFC 5280 §4.2.2, §4.2.1.4, §4.2.1.12
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
  subjectInfoAccess: '1.3.6.1.5.5.7.1.11',
  cpsQualifier: '1.3.6.1.5.5.7.2.1',
  userNoticeQualifier: '1.3.6.1.5.5.7.2.2',
  caIssuers: '1.3.6.1.5.5.7.48.2',
  ocsp: '1.3.6.1.5.5.7.48.1',
  // RFC 6960 §4.2, §4.4
  ocspBasic: '1.3.6.1.5.5.7.48.1.1',
  ocspNoCheck: '1.3.6.1.5.5.7.48.1.5',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
  // otherName (RFC 9598)
  smtpUtf8Mailbox: '1.3.6.1.5.5.7.8.9',
  // RFC 5652 §5.1
  signedData: '1.2.840.113549.1.7.2',
  // Attributes of names (RFC 5280 Appendix A, RFC 4519)
  commonName: '2.5.4.3',
  serialNumber: '2.5.4.5',
  countryName: '2.5.4.6',
  localityName: '2.5.4.7',
  stateOrProvinceName: '2.5.4.8',
  streetAddress: '2.5.4.9',
  organizationName: '2.5.4.10',
  organizationalUnitName: '2.5.4.11',
  userId: '0.9.2342.19200300.100.1.1',
  domainComponent: '0.9.2342.19200300.100.1.25',
  emailAddress: '1.2.840.113549.1.9.1',
  // Keys and signatures (RFC 3279, 4055, 5480, 5758, 8410)
  rsaEncryption: '1.2.840.113549.1.1.1',
  sha1WithRsa: '1.2.840.113549.1.1.5',
  mgf1: '1.2.840.113549.1.1.8',
  rsassaPss: '1.2.840.113549.1.1.10',
  sha256WithRsa: '1.2.840.113549.1.1.11',
  sha384WithRsa: '1.2.840.113549.1.1.12',
  sha512WithRsa: '1.2.840.113549.1.1.13',
  sha224WithRsa: '1.2.840.113549.1.1.14',
  dsa: '1.2.840.10040.4.1',
  ecPublicKey: '1.2.840.10045.2.1',
  prime256v1: '1.2.840.10045.3.1.7',
  secp224r1: '1.3.132.0.33',
  brainpoolP256r1: '1.3.36.3.3.2.8.1.1.7',
  brainpoolP384r1: '1.3.36.3.3.2.8.1.1.11',
  brainpoolP512r1: '1.3.36.3.3.2.8.1.1.13',
  secp256k1: '1.3.132.0.10',
  secp384r1: '1.3.132.0.34',
  secp521r1: '1.3.132.0.35',
  ecdsaWithSha1: '1.2.840.10045.4.1',
  ecdsaWithSha224: '1.2.840.10045.4.3.1',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  ecdsaWithSha384: '1.2.840.10045.4.3.3',
  ecdsaWithSha512: '1.2.840.10045.4.3.4',
  dsaWithSha1: '1.2.840.10040.4.3',
  dsaWithSha224: '2.16.840.1.101.3.4.3.1',
  dsaWithSha256: '2.16.840.1.101.3.4.3.2',
  ed25519: '1.3.101.112',
  ed448: '1.3.101.113',
  sha1: '1.3.14.3.2.26',
  sha224: '2.16.840.1.101.3.4.2.4',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
} as const;

/** Beyond this an OID is refused: the longest in use, of the 2.25 arc, have 20 octets. */
const MAX_OCTETS = 64;

const NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(OID).map(([name, dotted]) => [dotted, name]),
);

/** A known OID by its name in the RFC, any other dotted: for messages. */
export function oidName(dotted: string): string {
  return NAMES.get(dotted) ?? dotted;
}

const NAMED = new Map<string, string>(Object.values(OID).map((dotted) => [dotted, dotted]));

const recent = new RecentOctets<string>(1024);

/** The dotted form of the OID whose content octets stand between `from` and `to`. */
export function readOid(bytes: Uint8Array, from: number, to: number, what: string): string {
  const known = recent.find(bytes, from, to);
  if (known !== undefined) return known;
  if (to - from > MAX_OCTETS) throw malformed(`${what} is longer than ${MAX_OCTETS} octets`);
  const octets = new Uint8Array(bytes.subarray(from, to));
  const dotted = decodeOid(octets, what);
  // One string object per known OID: comparing two of them is then comparing pointers.
  const shared = NAMED.get(dotted) ?? dotted;
  recent.keep(octets, shared);
  return shared;
}

/** X.690 §8.19. */
function decodeOid(octets: Uint8Array, what: string): string {
  if (octets.length === 0) throw malformed(`${what} is empty`);
  if (octets.at(-1)! & 0x80) throw malformed(`${what} is cut off`);
  let dotted = '';
  for (let at = 0, from = 0; at < octets.length; at++) {
    if (octets[at]! & 0x80) continue;
    if (octets[from] === 0x80) throw malformed(`${what} is not minimal`);
    const arc = readArc(octets, from, at + 1);
    dotted += from === 0 ? firstArcs(arc) : `.${arc}`;
    from = at + 1;
  }
  return dotted;
}

/** The first two share an encoding: 40 × root + second. */
function firstArcs(arc: number | bigint): string {
  if (typeof arc === 'bigint') return `2.${arc - 80n}`;
  const root = Math.min(2, Math.floor(arc / 40));
  return `${root}.${arc - 40 * root}`;
}

/** Septets that a number holds exactly: more are put together from pieces of so many. */
const PIECE = 7;

function readArc(octets: Uint8Array, from: number, to: number): number | bigint {
  let arc = 0n;
  let piece = 0;
  for (let at = from; at < to; at++) {
    piece = piece * 0x80 + (octets[at]! & 0x7f);
    const left = to - 1 - at;
    if (left % PIECE !== 0 || to - from <= PIECE) continue;
    arc = (arc << BigInt(7 * PIECE)) | BigInt(piece);
    piece = 0;
  }
  return to - from <= PIECE ? piece : arc;
}
