import type { VerifyRequest } from '../src/wire/request.js';
import { OID } from '../src/x509/oid.js';
import { distributionPoints, scope } from '../test/pki/crl-extensions.js';
import * as der from '../test/pki/der-builder.js';
import * as ext from '../test/pki/extensions.js';
import { newKey } from '../test/pki/keys.js';
import { createCrl, createIntermediate, createLeaf, createRoot } from '../test/pki/pki.js';
import { ask, type Shape, times } from './shape.js';

/** A leaf with these distribution points under `paths` certificates of one CA, and a CRL of that CA with this scope. */
function pointsOnManyPaths(paths: number, points: der.Der, crlScope: der.Der): VerifyRequest {
  const root = createRoot();
  const key = newKey('p-256');
  const cas = times(paths, (index) => createIntermediate(root, { key, serial: index + 1 }));
  const issuer = cas[0] ?? root;
  const leaf = createLeaf(issuer, { extensions: [points] });
  const list = createCrl(issuer, { extensions: [ext.crlNumber(1), crlScope] });
  return ask([leaf.der, ...cas.map((ca) => ca.der)], [root.der], { revocation: 'hard', crls: [list.der] });
}

/** One point of many names, which `scope` and `distributionPoints` cannot make. */
const fullName = (names: readonly der.Der[]): der.Der => der.explicit(0, der.explicit(0, ...names));
const uris = (count: number, path: string): der.Der[] =>
  times(count, (index) => ext.generalName.uri(`http://crl.example/${path}/${index}`));
const elsewhere = scope({ uri: 'http://crl.example/elsewhere' });

/** Distribution points without end, asked for again on every path. */
export const POINT_SHAPES: readonly Shape[] = [
  {
    name: '8,000 distribution points on 200 paths',
    codes: ['CRL_SCOPE', 'BUDGET_EXCEEDED'],
    request: () =>
      pointsOnManyPaths(
        200,
        distributionPoints(...times(8000, (index) => ({ uri: `http://crl.example/${index}` }))),
        elsewhere,
      ),
  },
  {
    name: '20,000 distribution points on 200 paths',
    codes: ['BUDGET_EXCEEDED'],
    request: () =>
      pointsOnManyPaths(
        200,
        distributionPoints(...times(20_000, (index) => ({ uri: `http://crl.example/${index}` }))),
        elsewhere,
      ),
  },
  {
    name: 'a distribution point of 10,000 names, and a CRL of 2,000 others, on 200 paths',
    codes: ['CRL_SCOPE', 'BUDGET_EXCEEDED'],
    request: () =>
      pointsOnManyPaths(
        200,
        ext.extension(OID.crlDistributionPoints, der.sequence(der.sequence(fullName(uris(10_000, 'a'))))),
        ext.issuingDistributionPoint(fullName(uris(2000, 'b'))),
      ),
  },
  {
    name: '10,000 distribution points, each left to another issuer, on 200 paths',
    codes: ['BUDGET_EXCEEDED'],
    request: () =>
      pointsOnManyPaths(
        200,
        distributionPoints(...times(10_000, (index) => ({ crlIssuer: der.commonName(`é ${index}`) }))),
        elsewhere,
      ),
  },
];
