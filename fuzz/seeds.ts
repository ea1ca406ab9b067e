import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { OID } from '../src/x509/oid.js';
import * as der from '../test/pki/der-builder.js';
import * as ext from '../test/pki/extensions.js';
import { createResponder, ocspResponse, singleResponse } from '../test/pki/ocsp.js';
import { createCrl, createIntermediate, createLeaf, createRoot, type Issued } from '../test/pki/pki.js';

/** A valid chain with an extension of every kind, and what to mutate besides. */
export interface Seeds {
  readonly root: Issued;
  readonly ca: Issued;
  readonly leaf: Issued;
  readonly crls: readonly Uint8Array[];
  /** A good response on the leaf, signed by the responder that its CA certified. */
  readonly ocsp: Uint8Array;
  readonly responder: Issued;
  /** DER: the chain's own, and those of the corpora where they are. */
  readonly certificates: readonly Uint8Array[];
  readonly lists: readonly Uint8Array[];
}

/** `corpora`: a folder with `cert` and `crl` in it; one that is not there is passed over. */
export function createSeeds(corpora: string): Seeds {
  const key = 'ed25519';
  const root = createRoot({ key });
  const ca = createIntermediate(root, { key, pathLength: 1, extensions: authorityExtensions() });
  const leaf = createLeaf(ca, {
    key,
    dns: ['a.example', '*.b.example'],
    ip: [[10, 0, 0, 1]],
    extensions: leafExtensions(),
  });
  const point = der.explicit(0, der.explicit(0, ext.generalName.uri('http://crl.example/a')));
  const crls = [
    createCrl(root).der,
    createCrl(ca, {
      revoked: [{ serial: 1 }, { serial: 2, extensions: [ext.reasonCode(1)] }, { serial: 3 }],
      extensions: [
        ext.authorityKeyIdentifier(ca.key.spki),
        ext.crlNumber(7),
        ext.issuingDistributionPoint(point),
      ],
    }).der,
  ];
  const responder = createResponder(ca, { key });
  const singles = [singleResponse(leaf, ca), singleResponse(ca, root, { status: 'unknown', hash: 'sha256' })];
  return {
    root,
    ca,
    leaf,
    crls,
    ocsp: ocspResponse(ca, singles, {
      signer: responder,
      certificates: [responder],
      extensions: [ext.extension('1.2.3.4', der.derNull())],
    }).der,
    responder,
    certificates: [leaf.der, ca.der, root.der, ...filesOf(join(corpora, 'cert'))],
    lists: [...crls, ...filesOf(join(corpora, 'crl'))],
  };
}

/** The public fuzzing corpora, no part of this repository. */
export const CORPORA = resolve(process.env['PKIXD_CONFORMANCE'] ?? '../shared/conformance', 'corpora');

function filesOf(folder: string): Buffer[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => readFileSync(join(folder, name))) : [];
}

const policies = (...oids: readonly string[]): der.Der =>
  ext.extension(OID.certificatePolicies, der.sequence(...oids.map((oid) => der.sequence(der.oid(oid)))));

function authorityExtensions(): der.Der[] {
  const permitted = [ext.generalName.dns('example'), ext.generalName.ip(10, 0, 0, 0, 255, 0, 0, 0)];
  return [
    ext.nameConstraints({ permitted, excluded: [ext.generalName.rfc822('.bad.example')] }),
    policies('1.2.3.1', '1.2.3.2', OID.anyPolicy),
    ext.extension(OID.policyMappings, der.sequence(der.sequence(der.oid('1.2.3.1'), der.oid('1.2.3.3')))),
    ext.extension(OID.policyConstraints, der.sequence(der.implicit(0, der.raw(1)))),
    ext.extension(OID.inhibitAnyPolicy, der.integer(3)),
  ];
}

function leafExtensions(): der.Der[] {
  const location = ext.generalName.uri('http://ca.example/ca.der');
  return [
    ext.crlDistributionPoints('http://crl.example/a'),
    policies('1.2.3.3'),
    ext.extension(OID.authorityInfoAccess, der.sequence(der.sequence(der.oid(OID.caIssuers), location))),
  ];
}
