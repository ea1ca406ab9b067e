import { expect, test } from '@jest/globals';
import { CrlWants, type CrlWantsOptions, wantKey } from '../../../src/verify/revocation/missing-crls.js';
import { verify } from '../../../src/verify/verify.js';
import type { FetchFailure, WantedCrl } from '../../../src/wire/crl.js';
import type { VerifyRequest } from '../../../src/wire/request.js';
import type { Verdict } from '../../../src/wire/verdict.js';
import { OID } from '../../../src/x509/oid.js';
import { deltaCrlIndicator, distributionPoints } from '../../pki/crl-extensions.js';
import * as der from '../../pki/der-builder.js';
import { authorityKeyIdentifier, crlNumber, extension, generalName } from '../../pki/extensions.js';
import {
  createCertificate,
  createCrl,
  createIntermediate,
  createLeaf,
  createRoot,
  type Issued,
} from '../../pki/pki.js';
import { environmentOf, HOUR, NOW, type Scene } from '../scene.js';

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

const failure = (url: string, code: FetchFailure['code'] = 'FETCH_FAILED'): FetchFailure => ({
  url,
  code,
  message: `${url}: the reason`,
});

interface Asked {
  readonly wants: CrlWants;
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
    maxWanted: 8,
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
  return { wants, verdict, wanted, urls: wanted.flatMap(({ uris }) => uris) };
}

test('every CRL that the path lacks is wanted at once, that of the root first, with its issuer and who may have signed it', () => {
  const { verdict, wanted } = ask({}, [leaf, intermediate]);
  expect(verdict.code).toBe('CRL_NONE');
  expect(wanted.map(({ issuer, ...rest }) => ({ ...rest, issuer: Buffer.from(issuer) }))).toEqual([
    { uris: [ROOT_URL], isDelta: false, issuer: Buffer.from(root.name), signers: [expect.anything()] },
    { uris: [CA_URL], isDelta: false, issuer: Buffer.from(intermediate.name), signers: [expect.anything()] },
  ]);
  expect(Buffer.compare(wanted[1]?.signers[0] ?? Buffer.of(), intermediate.key.spki)).toBe(0);
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
    urls: [ROOT_URL, CA_URL],
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
  expect(ask({}, [leaf, intermediate], {}, { asked }).urls).toEqual([CA_URL]);
});

const urlsFrom = (count: number, name = 'many'): readonly string[] =>
  Array.from({ length: count }, (_, n) => `http://crl.example/${name}-${n}.crl`);
/** A leaf with a distribution point for each of these. */
const pointing = (uris: readonly string[]): Issued =>
  createLeaf(intermediate, { extensions: [distributionPoints(...uris.map((uri) => ({ uri })))] });

test('a distribution point is one want, however many addresses it has', () => {
  const uris = urlsFrom(12);
  const many = createLeaf(intermediate, {
    extensions: [
      extension(
        OID.crlDistributionPoints,
        der.sequence(
          der.sequence(der.explicit(0, der.explicit(0, ...uris.map((uri) => generalName.uri(uri))))),
        ),
      ),
    ],
  });
  const { wanted } = ask({}, [many, intermediate], {}, { maxWanted: 2 });
  expect(wanted.map((each) => each.uris)).toEqual([[ROOT_URL], uris]);
});

test('of more CRLs than may be wanted those of CAs near the root come first', () => {
  const upper = createIntermediate(root, { subject: 'Upper', ...at('http://crl.example/upper.crl') });
  const lower = createIntermediate(upper, { subject: 'Lower', ...at('http://crl.example/lower.crl') });
  const end = createLeaf(lower, {
    extensions: [distributionPoints(...urlsFrom(5).map((uri) => ({ uri })))],
  });
  for (const maxWanted of [0, 1, 2, 3, 5, 8]) {
    const { urls } = ask({}, [end, lower, upper], {}, { maxWanted });
    const all = ['http://crl.example/upper.crl', 'http://crl.example/lower.crl', ...urlsFrom(5)];
    expect(urls).toEqual(all.slice(0, maxWanted));
  }
});

const limit = (url: string): FetchFailure => ({ url, code: 'FETCH_LIMIT', message: `${url}: not asked` });
const asks = (...uris: readonly string[]) =>
  new Set(
    uris.map((uri) => wantKey({ issuer: intermediate.name, uris: [uri], isDelta: false, signers: [] })),
  );
const inPoint = (uris: readonly string[]): Issued =>
  createLeaf(intermediate, {
    extensions: [
      extension(
        OID.crlDistributionPoints,
        der.sequence(
          der.sequence(der.explicit(0, der.explicit(0, ...uris.map((uri) => generalName.uri(uri))))),
        ),
      ),
    ],
  });

/** What cuts off a CRL: the leaf, the options, and a URL that nobody asks. */
const BOUNDS: Readonly<Record<string, readonly [Issued, Partial<CrlWantsOptions>, string]>> = {
  'the number of CRLs of a request': [pointing(urlsFrom(2)), { maxWanted: 0 }, urlsFrom(2)[1]!],
  'the same after some were asked for': [
    pointing(urlsFrom(2)),
    { maxWanted: 0, asked: asks(urlsFrom(2)[0]!), failures: [failure(urlsFrom(2)[0]!)] },
    urlsFrom(2)[1]!,
  ],
  'the rounds of a request': [pointing(urlsFrom(1)), { knownFailure: limit }, urlsFrom(1)[0]!],
  'the attempts of a request': [
    pointing(urlsFrom(1)),
    { asked: asks(...urlsFrom(1)), failures: [limit(urlsFrom(1)[0]!)] },
    urlsFrom(1)[0]!,
  ],
  'the points of a certificate': [
    pointing(urlsFrom(33)),
    { asked: asks(...urlsFrom(32)), failures: urlsFrom(32).map((url) => failure(url)) },
    urlsFrom(33)[32]!,
  ],
  'the addresses of a point': [
    inPoint(urlsFrom(33)),
    { knownFailure: (url) => failure(url) },
    urlsFrom(33)[32]!,
  ],
};
const MODES = ['hard', 'grace', 'soft'] as const;
const STALE = crl(intermediate, { thisUpdate: hours(-30), nextUpdate: hours(-20) });

test.each(Object.entries(BOUNDS))(
  'what %s cut off is in the verdict, and no mode forgives it',
  (_, bound) => {
    const [end, options, url] = bound;
    for (const revocation of MODES) {
      for (const stored of [[crl(root)], [crl(root), STALE]]) {
        const { verdict, wants } = ask({ stored }, [end, intermediate], { revocation }, options);
        expect(verdict).toMatchObject({ status: 'indeterminate', code: 'FETCH_LIMIT' });
        expect(verdict.message).toContain(url);
        expect(wants.isCut).toBe(true);
      }
    }
    // Where the CRL is at hand nothing was cut off.
    const good = ask({ stored: [crl(root), crl(intermediate)] }, [end, intermediate], {}, options);
    expect(good.verdict.code).toBe('OK');
  },
);

test('a revocation that is known goes over what was cut off', () => {
  const revoking = crl(root, { revoked: [{ serial: intermediate.serial }] });
  for (const revocation of MODES) {
    const { verdict } = ask({ stored: [revoking] }, [leaf, intermediate], { revocation }, { maxWanted: 0 });
    expect(verdict.code).toBe('REVOKED');
  }
});

test('a URL with which nothing was wrong but its text is no reason to ask again', () => {
  const ldap = 'ldap://dir.example/cn=a';
  const end = inPoint([ldap, CA_URL]);
  const known = (url: string): FetchFailure | undefined => (url === ldap ? failure(url) : undefined);
  const first = ask({ stored: [crl(root)] }, [end, intermediate], {}, { knownFailure: known });
  expect(first.urls).toEqual([ldap, CA_URL]);
  const asked = new Set(first.wanted.map(wantKey));
  const failures = [failure(ldap), failure(CA_URL, 'CRL_BAD_SIGNATURE')];
  const { verdict } = ask(
    { stored: [crl(root)] },
    [end, intermediate],
    {},
    { asked, failures, knownFailure: known },
  );
  // The more telling of the reasons is the code; all are told, each once.
  expect(verdict.code).toBe('CRL_BAD_SIGNATURE');
  expect(verdict.message.split(ldap)).toHaveLength(2);
  expect(verdict.message).toContain(CA_URL);
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

test('what is still being asked for is wanted again where it still lacks, within no bound, and else not', () => {
  const { wanted } = ask({}, [leaf, intermediate]);
  const asked = new Set(wanted.map(wantKey));
  const pending = new Set(wanted.slice(0, 1).map(wantKey));
  const again = (scene: Partial<Scene>) =>
    ask(scene, [leaf, intermediate], {}, { asked, pending, maxWanted: 0 });
  expect(again({}).urls).toEqual([ROOT_URL]);
  expect(again({}).wants.isCut).toBe(false);
  expect(again({ stored: [crl(root)] }).urls).toEqual([]);
  // A revocation that is known decides without it.
  const revoking = crl(intermediate, { revoked: [{ serial: leaf.serial }] });
  expect(again({ stored: [revoking] })).toMatchObject({ urls: [], verdict: { code: 'REVOKED' } });
});

test('beside a configured source that is slow what the certificate names is wanted', () => {
  const source = 'http://source.example/1.crl';
  const sourcesOf: CrlWantsOptions['sourcesOf'] = ({ issuer }) =>
    Buffer.compare(issuer, intermediate.name) === 0 ? [source] : [];
  const stored = [crl(root)];
  const first = ask({ stored }, [leaf, intermediate], {}, { sourcesOf });
  expect(first.wanted.map((wanted) => wanted.source)).toEqual([source]);
  const asked = new Set(first.wanted.map(wantKey));
  const again = ask({ stored }, [leaf, intermediate], {}, { sourcesOf, asked, pending: asked });
  expect(again.wanted.map((wanted) => wanted.source ?? wanted.uris[0])).toEqual([source, CA_URL]);
});
