import { getPublicSuffix } from 'tldts';

/** Only what ICANN delegates: what lies under a company's own suffix is the company's matter (BR §3.2.2.6). */
const ICANN_ONLY = { allowIcannDomains: true, allowPrivateDomains: false, extractHostname: false } as const;

/** Is this whole host name, in lower case, a public suffix of the ICANN part of the list? */
export function isPublicSuffix(host: string): boolean {
  return getPublicSuffix(host, ICANN_ONLY) === host;
}
