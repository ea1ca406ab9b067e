import { expect, test } from '@jest/globals';
import { CrlWants, type CrlWantsOptions, wantKey } from '../../src/verify/crl-wants.js';
import { verify } from '../../src/verify/verify.js';
import type { FetchFailure, WantedCrl } from '../../src/wire/crl.js';
import type { VerifyRequest } from '../../src/wire/request.js';
import type { Verdict } from '../../src/wire/verdict.js';
import { OID } from '../../src/x509/oid.js';
import { deltaCrlIndicator, distributionPoints } from '../pki/crl-extensions.js';
import * as der from '../pki/der-builder.js';
import { authorityKeyIdentifier, crlNumber, extension, generalName } from '../pki/extensions.js';
import {
  createCertificate,
  createCrl,
  createIntermediate,
  createLeaf,
  createRoot,
  type Issued,
} from '../pki/pki.js';
import { environmentOf, HOUR, NOW, type Scene } from './scene.js';

const at = (...uris: readonly string[]): { readonly extensions: readonly der.Der[] } => ({
  extensions: [distributionPoints(...uris.map((uri) => ({ uri })))],
});
const ROOT_URL = 'http://crl.example/root.crl';
const CA_URL = 'http://crl.example/ca.crl';
const root = createRoot();
const intermediate = createIntermediate(root, at(ROOT_URL));
const leaf = createLeaf(intermediate, at(CA_URL));

const hours = (count: number): Date => new Date(NOW + count * HOUR);
const crl = (issuer: Issued, options: Parameters<typeof createCrl>[1] = {}): Buffer =>
  createCrl(issuer, { thisUpdate: hours(-2), nextUpdate: hours(1), ...options }).der;

interface Asked {
  readonly verdict: Verdict;
  readonly wanted: readonly WantedCrl[];
  readonly urls: readonly string[];
}

function ask(
  scene: Partial<Scene>,
  certificates: readonly Issued[],
  request: Partial<VerifyRequest> = {},
  options: Partial<CrlWantsOptions> = {},
): Asked {
  const wants = new CrlWants({
    maxUrls: 8,
    asked: new Set(),
    failures: [],
    sourcesOf: () => [],
    urlsOf: ({ uris, source }) => (source === undefined ? uris : [source]),
    knownFailure: () => undefined,
    used: () => undefined,
    ...options,
  });
  const whole: VerifyRequest = {
    certificates: certificates.map((certificate) => certificate.der),
    crls: [],
    revocation: 'hard',
    ...request,
  };
  const verdict = verify(whole, environmentOf({ anchors: [root], ...scene }), undefined, wants);
  const wanted = wants.list();
  return { verdict, wanted, urls: wanted.flatMap(({ uris }) => uris) };
}

test('every CRL that the path lacks is wanted at once, with its issuer and who may have signed it', () => {
  const { verdict, wanted } = ask({}, [leaf, intermediate]);
  expect(verdict.code).toBe('CRL_NONE');
  expect(wanted.map(({ issuer, ...rest }) => ({ ...rest, issuer: Buffer.from(issuer) }))).toEqual([
    { uris: [CA_URL], isDelta: false, issuer: Buffer.from(intermediate.name), signers: [expect.anything()] },
    { uris: [ROOT_URL], isDelta: false, issuer: Buffer.from(root.name), signers: [expect.anything()] },
  ]);
  expect(Buffer.compare(wanted[0]?.signers[0] ?? Buffer.of(), intermediate.key.spki)).toBe(0);
});

test('what is at hand and current is not wanted, and what is stale is', () => {
  const stale = crl(intermediate, { thisUpdate: hours(-3), nextUpdate: hours(-1) });
  expect(ask({ stored: [crl(root), stale] }, [leaf, intermediate]).urls).toEqual([CA_URL]);
  expect(ask({ stored: [crl(root), crl(intermediate)] }, [leaf, intermediate]).urls).toEqual([]);
});

test('nothing is wanted for a path that fails otherwise, nor for one that is revoked', () => {
  const revoked = crl(intermediate, { revoked: [{ serial: leaf.serial }] });
  expect(ask({}, [leaf, intermediate], { hosts: ['other.example'] }).urls).toEqual([]);
  expect(ask({ now: Date.parse('2051-01-01') }, [leaf, intermediate]).urls).toEqual([]);
  expect(ask({ anchors: [createRoot()] }, [leaf, intermediate]).urls).toEqual([]);
  expect(ask({ stored: [revoked] }, [leaf, intermediate]).verdict.code).toBe('REVOKED');
  expect(ask({ stored: [revoked] }, [leaf, intermediate]).urls).toEqual([]);
});

test('nothing is wanted for a past instant, under anchors of the request, or without revocation', () => {
  expect(ask({}, [leaf, intermediate], { at: NOW - HOUR }).urls).toEqual([]);
  expect(ask({}, [leaf, intermediate], { anchors: [root.der] }).urls).toEqual([]);
  expect(ask({}, [leaf, intermediate], { revocation: 'off' }).urls).toEqual([]);
});

test('mode soft wants what it would forgive, and mode grace what should be there by now', () => {
  expect(ask({}, [leaf, intermediate], { revocation: 'soft' })).toMatchObject({
    verdict: { code: 'OK_SOFT' },
    urls: [CA_URL, ROOT_URL],
  });
  const late = crl(intermediate, { thisUpdate: hours(-3), nextUpdate: hours(-1) });
  const scene = { stored: [crl(root), late], crlGrace: 2 * HOUR };
  expect(ask(scene, [leaf, intermediate], { revocation: 'grace' })).toMatchObject({
    verdict: { code: 'OK' },
    urls: [CA_URL],
  });
});

test('what the configuration names for an issuer is wanted whole, before what its certificates name', () => {
  const bare = createLeaf(intermediate);
  const sources = ['http://source.example/1.crl', 'file:///2.crl'];
  const options: Partial<CrlWantsOptions> = {
    sourcesOf: ({ issuer }) => (Buffer.compare(issuer, intermediate.name) === 0 ? sources : []),
  };
  const stored = [crl(root)];
  const wantedOf = (of: Issued, more: Partial<CrlWantsOptions> = {}): readonly WantedCrl[] =>
    ask({ stored }, [of, intermediate], {}, { ...options, ...more }).wanted;
  expect(ask({ stored }, [bare, intermediate]).wanted).toEqual([]);
  for (const each of [bare, leaf]) expect(wantedOf(each).map(({ source }) => source)).toEqual(sources);
  const asked = new Set(wantedOf(leaf).map(wantKey));
  expect(wantedOf(leaf, { asked }).map(({ uris }) => uris)).toEqual([[CA_URL]]);
  // A source that failed a moment ago does not keep from asking the others, nor the certificate's own place.
  const failing = (url: string): FetchFailure | undefined => (url === CA_URL ? undefined : failure(url));
  expect(wantedOf(leaf, { knownFailure: failing }).map(({ uris }) => uris)).toEqual([[CA_URL]]);
});

test('of a distribution point with a cRLIssuer that issuer is wanted, if its key is at hand', () => {
  const other = createIntermediate(root, { subject: 'CRL Signer', ...at(ROOT_URL) });
  const pointed = createLeaf(intermediate, {
    extensions: [distributionPoints({ uri: CA_URL, crlIssuer: other.name })],
  });
  const stored = [crl(root)];
  expect(ask({ stored }, [pointed, intermediate, other]).wanted).toMatchObject([
    { issuer: Buffer.from(other.name), uris: [CA_URL] },
  ]);
  expect(ask({ stored }, [pointed, intermediate]).wanted).toEqual([]);
});

const freshest = (uri: string): der.Der =>
  extension(
    OID.freshestCrl,
    der.sequence(der.sequence(der.explicit(0, der.explicit(0, generalName.uri(uri))))),
  );

test('a delta CRL that the certificate or the CRL points to is wanted beside a good verdict, until it is there', () => {
  const url = 'http://crl.example/delta.crl';
  const extensions = [authorityKeyIdentifier(intermediate.key.spki), crlNumber(1), freshest(url)];
  const base = crl(intermediate, { extensions });
  const found = ask({ stored: [crl(root), base] }, [leaf, intermediate]);
  expect(found).toMatchObject({ verdict: { code: 'OK' }, wanted: [{ uris: [url], isDelta: true }] });
  const delta = crl(intermediate, {
    extensions: [authorityKeyIdentifier(intermediate.key.spki), crlNumber(2), deltaCrlIndicator(1)],
  });
  expect(ask({ stored: [crl(root), base, delta] }, [leaf, intermediate]).wanted).toEqual([]);
  const pointing = createLeaf(intermediate, { extensions: [...at(CA_URL).extensions, freshest(url)] });
  expect(ask({ stored: [crl(root), crl(intermediate)] }, [pointing, intermediate]).urls).toEqual([url]);
});

const failure = (url: string, code: FetchFailure['code'] = 'FETCH_FAILED'): FetchFailure => ({
  url,
  code,
  message: `${url}: the reason`,
});

test('a failure to fetch takes the place of a missing CRL in the verdict, and explains a stale one', () => {
  const failures = [failure(CA_URL), failure(ROOT_URL)];
  const missing = ask({ stored: [crl(root)] }, [leaf, intermediate], {}, { failures });
  expect(missing.verdict.code).toBe('FETCH_FAILED');
  expect(missing.verdict.message).toContain(`${CA_URL}: the reason`);
  const stale = crl(intermediate, { thisUpdate: hours(-3), nextUpdate: hours(-1) });
  const { verdict } = ask({ stored: [crl(root), stale] }, [leaf, intermediate], {}, { failures });
  expect(verdict.code).toBe('CRL_STALE');
  expect(verdict.message).toContain(`${CA_URL}: the reason`);
});

test('mode soft forgives what could not be fetched, but not what came and was wrong', () => {
  const soft = { revocation: 'soft' } as const;
  const stored = [crl(root)];
  const code = (of: FetchFailure['code']): string =>
    ask({ stored }, [leaf, intermediate], soft, { failures: [failure(CA_URL, of)] }).verdict.code;
  expect(code('FETCH_FAILED')).toBe('OK_SOFT');
  expect(code('FETCH_REFUSED')).toBe('OK_SOFT');
  expect(code('CRL_BAD_SIGNATURE')).toBe('CRL_BAD_SIGNATURE');
});

test('what failed a moment ago is not wanted again, and the verdict says why', () => {
  const { verdict, urls } = ask({}, [leaf, intermediate], {}, { knownFailure: (url) => failure(url) });
  expect(urls).toEqual([]);
  expect(verdict.code).toBe('FETCH_FAILED');
});

test('what was asked for before is not wanted again', () => {
  const { wanted } = ask({}, [leaf, intermediate]);
  const asked = new Set(wanted.slice(0, 1).map(wantKey));
  expect(ask({}, [leaf, intermediate], {}, { asked }).urls).toEqual([ROOT_URL]);
});

test('no more URLs are wanted than a request may have', () => {
  const many = createLeaf(
    intermediate,
    at(...Array.from({ length: 12 }, (_, n) => `http://crl.example/${n}`)),
  );
  expect(ask({ stored: [crl(root)] }, [many, intermediate]).urls).toHaveLength(8);
  expect(ask({}, [leaf, intermediate], {}, { maxUrls: 0 }).urls).toEqual([]);
});

test('each CRL that is used is told with the way to its successor', () => {
  const used: [string, readonly WantedCrl[]][] = [];
  const options = {
    used: (source: string, wanted: () => readonly WantedCrl[]) => used.push([source, wanted()]),
  };
  ask({ stored: [crl(root), crl(intermediate)] }, [leaf, intermediate], {}, options);
  expect(used.map(([source, [wanted]]) => [source, wanted?.uris])).toEqual([
    ['store', [CA_URL]],
    ['store', [ROOT_URL]],
  ]);
});

test("the CRLs on the path of a CRL's own signer are wanted too", () => {
  const signer = createCertificate({
    subject: intermediate.name,
    issuer: root,
    extensions: [
      extension(OID.keyUsage, der.namedBits(6), true),
      ...at('http://crl.example/of-signer.crl').extensions,
    ],
  });
  const { urls } = ask({ stored: [crl(signer)] }, [leaf, intermediate, signer]);
  expect(urls).toContain('http://crl.example/of-signer.crl');
});
