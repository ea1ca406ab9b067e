import { OID } from '../x509/oid.js';
import { RequestError } from './failure.js';

/** The key purposes of RFC 5280 §4.2.1.12 by their names there. */
const PURPOSES: ReadonlyMap<string, string> = new Map([
  ['serverAuth', OID.serverAuth],
  ['clientAuth', OID.clientAuth],
  ['codeSigning', OID.codeSigning],
  ['emailProtection', OID.emailProtection],
  ['timeStamping', OID.timeStamping],
  ['OCSPSigning', OID.ocspSigning],
  ['anyExtendedKeyUsage', OID.anyExtendedKeyUsage],
]);

const DOTTED_OID = /^[0-2](?:\.(?:0|[1-9]\d{0,38})){1,63}$/;

/** The OID of a purpose given by name or as a dotted OID; throws BAD_ARGUMENT. */
export function purposeOid(purpose: string): string {
  const oid = PURPOSES.get(purpose) ?? (DOTTED_OID.test(purpose) ? purpose : undefined);
  if (oid !== undefined) return oid;
  const names = [...PURPOSES.keys()].join(', ');
  throw new RequestError(
    'BAD_ARGUMENT',
    `"${purpose}" is not a key purpose: write one of ${names}, or a dotted OID`,
  );
}
