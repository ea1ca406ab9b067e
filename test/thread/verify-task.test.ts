import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { loadConfig } from '../../src/config/load.js';
import { createVerifyTask } from '../../src/thread/verify-task.js';
import { decode, encode } from '../../src/wire/codec.js';
import { createCrl } from '../pki/pki.js';
import { createChain } from '../verify/scene.js';

const { root, intermediate, leaf } = createChain();
const folder = mkdtempSync(join(tmpdir(), 'pkixd-task-'));
const write = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const anchorFile = write('root.pem', root.pem);

afterAll(() => rmSync(folder, { recursive: true }));

function createTask(anchors: readonly string[], options: Record<string, unknown> = {}) {
  const config = loadConfig({ cwd: folder, env: {}, flags: { 'trust.anchors': anchors, ...options } });
  return createVerifyTask(config, () => undefined);
}

const chain = { certificates: [leaf.der, intermediate.der], crls: [] };

test('a request in msgpack gets its verdict in msgpack', () => {
  const run = createTask([anchorFile]);
  expect(decode(run(encode({ ...chain, revocation: 'off' })))).toMatchObject({
    verdict: { status: 'valid', code: 'OK' },
  });
});

test('CRLs of the configured folder are found', () => {
  write('root.crl', createCrl(root).der);
  write('intermediate.pem.crl', createCrl(intermediate, { revoked: [{ serial: leaf.serial }] }).pem);
  const run = createTask([anchorFile], { 'crl.directory': folder });
  expect(decode(run(encode(chain)))).toMatchObject({ verdict: { code: 'REVOKED' } });
});

test.each([
  ['profiles: { pinned: { base: rfc5280, trust.leaf: true } }', 'OK'],
  ['profiles: { pinned: { base: rfc5280, trust: { leaf: true } } }', 'OK'],
  ['profiles: { pinned: { base: rfc5280 } }\ntrust: { leaf: true }', 'OK'],
  ['profiles: { pinned: { base: rfc5280, trust.leaf: false } }\ntrust.leaf: true', 'LEAF_IS_ANCHOR'],
  ['profiles: { pinned: { base: rfc5280 } }', 'LEAF_IS_ANCHOR'],
])('under %j an anchor as the leaf is %s', (text, code) => {
  const flags = { 'trust.anchors': [write('pinned.anchor', leaf.pem)] };
  const config = loadConfig({ file: write('pinned.yaml', text), cwd: folder, env: {}, flags });
  const run = createVerifyTask(config, () => undefined);
  expect(decode(run(encode({ ...chain, profile: 'pinned' })))).toMatchObject({ verdict: { code } });
});

test('a profile of the configuration is the one that a request names', () => {
  const profiles = 'profiles: { short: { base: rfc5280, revocation: off, maxIntermediates: 0 } }';
  const config = loadConfig({
    file: write('profiles.yaml', profiles),
    cwd: folder,
    env: {},
    flags: { 'trust.anchors': [anchorFile] },
  });
  const run = createVerifyTask(config, () => undefined);
  expect(decode(run(encode({ ...chain, profile: 'short' })))).toMatchObject({
    verdict: { code: 'PATH_LENGTH' },
  });
});

test.each([9e15, 8.64e15 + 1, -1, -1.5, 2 ** 63, 2n ** 64n - 1n, -(2n ** 63n), NaN, Infinity, 1e308])(
  'at=%s is BAD_ARGUMENT, in whichever form of msgpack it comes',
  (at) => {
    const run = createTask([anchorFile]);
    expect(decode(run(encode({ ...chain, at })))).toMatchObject({ refused: { code: 'BAD_ARGUMENT' } });
  },
);

test.each([
  [{ ...chain, certificates: 'none' }, 'BAD_ARGUMENT'],
  [{ ...chain, certificates: [1, 2] }, 'BAD_ARGUMENT'],
  [{ ...chain, ocsp: 'none' }, 'BAD_ARGUMENT'],
  [{ ...chain, hosts: 'a.example' }, 'BAD_ARGUMENT'],
  [{ ...chain, at: 'yesterday' }, 'BAD_ARGUMENT'],
  [{ ...chain, revocation: 'maybe' }, 'BAD_ARGUMENT'],
  [{ ...chain, policy: { explicit: 1 } }, 'BAD_ARGUMENT'],
  [{ ...chain, profile: 'nope' }, 'UNKNOWN_PROFILE'],
  [[], 'BAD_ARGUMENT'],
])('a request of the wrong shape is refused (%#)', (request, code) => {
  expect(decode(createTask([anchorFile])(encode(request)))).toMatchObject({ refused: { code } });
});

test("anchors come from Node's roots, from files and from folders", () => {
  const status = (anchors: readonly string[]): unknown =>
    decode(createTask(anchors)(encode({ ...chain, revocation: 'off' })));
  expect(status(['node'])).toMatchObject({ verdict: { code: 'NO_PATH' } });
  expect(status(['node', write('root.der', root.der)])).toMatchObject({ verdict: { code: 'OK' } });
  expect(status([folder])).toMatchObject({ verdict: { code: 'OK' } });
});

test.each([
  ['missing.pem', undefined],
  ['broken.crt', root.der.subarray(0, 40)],
  ['empty.crt', 'no certificate'],
])('anchors that cannot be read are an error that names them: %s', (name, content) => {
  const path = content === undefined ? join(folder, name) : write(name, content);
  expect(() => createTask([path])).toThrow(path);
  if (content !== undefined) rmSync(path);
});
