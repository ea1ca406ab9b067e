import { writeFileSync } from 'node:fs';
import {
  authorityInfoAccess,
  authorityKeyIdentifier,
  crlDistributionPoints,
  crlNumber,
  issuingDistributionPoint,
  extension,
} from '../test/pki/extensions.js';
import * as der from '../test/pki/der-builder.js';
import { createCrl, createIntermediate, createLeaf, createRoot, type Issued } from '../test/pki/pki.js';
import { OID } from '../src/x509/oid.js';

/**
 * Makes src/warm-up-pki.ts anew: tsx scripts/warm-up-pki.ts. The keys are thrown away, so that no one can ever
 * issue anything below these certificates; they are trusted by the warm-up alone.
 */
const CRL_DATES = { thisUpdate: new Date('2020-01-01'), nextUpdate: new Date('2049-12-31') };
/** The CA/Browser Forum's for domain validation, and one more. */
const POLICIES = extension(
  OID.certificatePolicies,
  der.sequence(der.sequence(der.oid('2.23.140.1.2.1')), der.sequence(der.oid('1.3.6.1.4.1.55555.1'))),
);

interface Chain {
  readonly root: Issued;
  readonly intermediate: Issued;
  readonly full: Issued;
  readonly plain: Issued;
}

/** See `WARM_UP_DOMAIN` below. */
function hosts(name: string): string[] {
  return [`${name}.warm-up.invalid`, '*.hosts.warm-up.invalid'];
}

function createChain(type: 'rsa-2048' | 'p-256'): Chain {
  const title = `pkixd warm-up ${type}`;
  const url = (file: string): string => `http://warm-up.invalid/${type}-${file}`;
  const root = createRoot({ subject: `${title} root`, key: type });
  const intermediate = createIntermediate(root, {
    subject: `${title} intermediate`,
    key: type,
    pathLength: 0,
    extensions: [crlDistributionPoints(url('root.crl')), authorityInfoAccess(url('root.cer'))],
  });
  const places = [crlDistributionPoints(url('leaf.crl')), authorityInfoAccess(url('leaf.cer'))];
  const full = createLeaf(intermediate, { dns: hosts('full'), extensions: [POLICIES, ...places] });
  const plain = createLeaf(intermediate, { dns: hosts('plain') });
  return { root, intermediate, full, plain };
}

function crlOf(issuer: Issued, scope: readonly der.Der[]): Buffer {
  return createCrl(issuer, {
    ...CRL_DATES,
    extensions: [authorityKeyIdentifier(issuer.key.spki), crlNumber(1), ...scope],
  }).der;
}

function text(bytes: Uint8Array): string {
  return `'${Buffer.from(bytes).toString('base64')}'`;
}

function show({ root, intermediate, full, plain }: Chain): string {
  const point = [issuingDistributionPoint(der.implicit(1, Buffer.from([0xff])))];
  return `{
    root: ${text(root.der)},
    intermediate: ${text(intermediate.der)},
    leaves: { full: ${text(full.der)}, plain: ${text(plain.der)} },
    crls: { ofRoot: ${text(crlOf(root, []))}, ofIntermediate: ${text(crlOf(intermediate, point))} },
  }`;
}

writeFileSync(
  new URL('../src/warm-up-pki.ts', import.meta.url),
  `/**
 * Two small chains for the warm-up (thread/warm-up.ts, protocol/example.ts), made by scripts/warm-up-pki.ts, which threw their keys away. DER in
 * base64. All of it is valid from 2020 to 2049.
 */
export interface WarmUpChain {
  readonly root: string;
  readonly intermediate: string;
  /** One with the extensions that public CAs put in, and one with as few as there may be. */
  readonly leaves: { readonly full: string; readonly plain: string };
  readonly crls: { readonly ofRoot: string; readonly ofIntermediate: string };
}

/** All leaves are for every host directly below this name. */
export const WARM_UP_DOMAIN = 'hosts.warm-up.invalid';

export const WARM_UP_PKI: Readonly<Record<'rsa' | 'ec', WarmUpChain>> = {
  rsa: ${show(createChain('rsa-2048'))},
  ec: ${show(createChain('p-256'))},
};
`,
);
