import { expect, test } from '@jest/globals';
import { checkListeners } from '../../src/config/listeners.js';
import { Findings } from '../../src/config/problems.js';
import { checkProfiles } from '../../src/config/profiles.js';

const DEFAULTS = { 'profile.revocation': 'hard', 'trust.anchors': ['node'], 'trust.leaf': false } as const;

function listeners(value: unknown) {
  const findings = new Findings();
  const checked = checkListeners({ key: 'listeners', value, origin: 'FILE', folder: '/base' }, findings);
  return { checked, problems: findings.problems };
}

function profiles(value: unknown) {
  const findings = new Findings();
  const checked = checkProfiles(
    { key: 'profiles', value, origin: 'FILE', folder: '/base' },
    DEFAULTS,
    findings,
  );
  return { checked, problems: findings.problems };
}

test('a listener entry takes name, protocol, permissions, mode and backlog', () => {
  const entry = { address: 'unix:a.sock', name: 'a', permits: ['at', 'status'], mode: '0600', backlog: 16 };
  expect(listeners([entry])).toEqual({
    checked: [
      {
        name: 'a',
        address: { kind: 'unix', path: '/base/a.sock' },
        protocol: 'line',
        permits: ['at', 'status'],
        mode: 0o600,
        group: '',
        backlog: 16,
        tls: null,
      },
    ],
    problems: [],
  });
});

test.each([
  [[{ address: 'unix:a', mode: 660 }], /mode.*in quotes/],
  [[{ address: 'unix:a', mode: '888' }], /mode/],
  [[{ address: 'unix:a', permits: ['anchor'] }], /did you mean anchors/],
  [[{ address: 'unix:a', protocol: 'smtp' }], /none of line/],
  [[{ address: 'unix:a', backlog: 0 }], /1 to 65535/],
  [[{ address: 'unix:a', key: 'k.pem' }], /key: belongs to tls:\/\/ alone/],
  [[{ address: 'tls://[::1]:1', certificate: 'c.pem' }], /key: is missing/],
  [[{ address: 'tls://[::1]:1', certificate: 'c', key: 'k', clientAuth: 'request' }], /without clientCa/],
  [[{ address: 'unix:a', nmae: 'x' }], /nmae: .*did you mean name/],
  [[{ name: 'x' }], /has no address/],
  [['tcp://0.0.0.0'], /port is missing/],
  [[`unix:/${'x'.repeat(107)}`], /108 bytes and the system allows 107/],
  [['unix:a', 'unix:./a'], /two listeners have the address/],
  [
    [
      { address: 'unix:a', name: 'n' },
      { address: 'unix:b', name: 'n' },
    ],
    /two listeners have the name "n"/,
  ],
  [[], /at least one listener/],
  [{ address: 'unix:a' }, /not a list/],
])('listeners %j are refused', (value, message) => {
  expect(listeners(value).problems).toEqual([expect.stringMatching(message)]);
});

test('a TLS listener takes the paths of its files; clients of its CAs are required unless it says otherwise', () => {
  const entry = { address: 'tls://[::1]:1', certificate: 'c.pem', key: '/k.pem', clientCa: 'ca.pem' };
  const tls = { certificate: '/base/c.pem', key: '/k.pem', clientCa: '/base/ca.pem', clientAuth: 'require' };
  expect(listeners([entry]).checked).toMatchObject([{ address: { kind: 'tls', host: '::1', port: 1 }, tls }]);
  const lenient = listeners([{ ...entry, clientAuth: 'request' }]).checked;
  expect(lenient).toMatchObject([{ tls: { ...tls, clientAuth: 'request' } }]);
});

test('two listeners may each ask for any free port', () => {
  expect(
    listeners([
      { address: 'tcp://127.0.0.1:0', name: 'a' },
      { address: 'tcp://127.0.0.1:0', name: 'b' },
    ]).problems,
  ).toEqual([]);
});

test('the four base profiles exist, and an entry named like one changes it but not its rules', () => {
  const { checked, problems } = profiles({ webpki: { revocation: 'soft', anchors: ['r.pem', 'system'] } });
  expect(problems).toEqual([]);
  expect(Object.keys(checked)).toEqual(['rfc5280', 'rfc5280-strict', 'webpki', 'webpki-strict']);
  expect(checked['webpki']).toEqual({
    base: 'webpki',
    revocation: 'soft',
    anchors: ['/base/r.pem', 'system'],
    trustLeaf: false,
    purpose: null,
    crlMaxAge: null,
    maxIntermediates: null,
  });
  expect(checked['rfc5280']).toMatchObject({ revocation: 'hard', anchors: ['node'] });
});

test.each([
  [{ 'trust.leaf': true }, true],
  [{ 'trust.leaf': 'true' }, true],
  [{ trust: { leaf: true } }, true],
  [{ 'trust.leaf': false }, false],
  [{}, false],
])('a profile with %j trusts pinned leaves: %j', (fields, expected) => {
  const { checked, problems } = profiles({ own: { base: 'rfc5280', ...fields } });
  expect(problems).toEqual([]);
  expect(checked['own']?.trustLeaf).toBe(expected);
});

test('a profile may bound the age of its CRLs and the length of its paths, down to no intermediate', () => {
  const own = { base: 'webpki', crlMaxAge: '7d', maxIntermediates: 0 };
  const { checked, problems } = profiles({ own });
  expect(problems).toEqual([]);
  expect(checked['own']).toMatchObject({ crlMaxAge: 7 * 86_400_000, maxIntermediates: 0 });
});

test.each([
  [{ own: {} }, /profiles\.own\.base: is missing/],
  [{ own: { base: 'webpkii' } }, /did you mean webpki/],
  [{ webpki: { base: 'rfc5280' } }, /must be webpki/],
  [{ own: { base: 'webpki', purpose: 'server auth' } }, /neither a key purpose/],
  [{ own: { base: 'webpki', revokation: 'off' } }, /did you mean revocation/],
  [{ own: { base: 'webpki', crlMaxAge: 'long' } }, /crlMaxAge.*is not a duration/],
  [{ own: { base: 'webpki', crlMaxAge: '1s' } }, /crlMaxAge.*takes 1m to 3650d/],
  [{ own: { base: 'webpki', maxIntermediates: 64 } }, /maxIntermediates.*takes 0 to 63 intermediates/],
  [{ own: { base: 'webpki', 'trust.leaf': 'yes' } }, /trust\.leaf.*is neither true nor false/],
  [{ own: { base: 'webpki', 'trust.leaf': 1 } }, /trust\.leaf.*is neither true nor false/],
  [{ own: { base: 'webpki', 'trust.leaf': true, trust: { leaf: false } } }, /trust\.leaf: stands twice/],
  [{ own: { base: 'webpki', trust: { leafs: true } } }, /no such field \(did you mean trust\.leaf\?\)/],
  [{ own: { base: 'webpki', trust: true } }, /no such field/],
  [{ 'a b': { base: 'webpki' } }, /a profile name/],
  [{ own: 'webpki' }, /is not a map/],
  [['webpki'], /not a map/],
])('profiles %j are refused', (value, message) => {
  expect(profiles(value).problems).toEqual([expect.stringMatching(message)]);
});
