import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parseInstant } from '../../../src/cli/verify/verify-request.js';
import * as der from '../../pki/der-builder.js';
import * as ext from '../../pki/extensions.js';
import { ocspResponse, singleResponse } from '../../pki/ocsp.js';
import { createCrl, createIntermediate, createLeaf, createRoot } from '../../pki/pki.js';
import { cli } from '../captured.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pkixd-verify-'));
  const root = createRoot();
  const intermediate = createIntermediate(root);
  const good = createLeaf(intermediate, { dns: ['good.example'] });
  const revoked = createLeaf(intermediate);
  const old = createIntermediate(root, { subject: 'Old CA', notAfter: new Date('2021-01-01') });
  const files = {
    'root.pem': root.pem,
    'ca.der': intermediate.der,
    'good.pem': good.pem,
    'good.der': good.der,
    'revoked.pem': revoked.pem,
    'crls.pem': createCrl(root).pem + createCrl(intermediate, { revoked: [{ serial: revoked.serial }] }).pem,
    'root.crl': createCrl(root).der,
    'good.ocsp': ocspResponse(intermediate, [singleResponse(good, intermediate)]).der,
    'revoked.ocsp.pem': ocspResponse(intermediate, [
      singleResponse(revoked, intermediate, { status: { date: new Date('2026-01-01') } }),
    ]).pem,
    'orphan.pem': createLeaf(createRoot({ subject: 'Elsewhere' }), { dns: ['orphan.example'] }).pem,
    'below.pem': createLeaf(old, { dns: ['below.example'] }).pem + old.pem,
    'nameless.pem': createLeaf(old, { subject: der.sequence() }).pem + old.pem,
    'sly.pem': createLeaf(intermediate, { subject: 'x\ngood.pem: valid OK the path holds: CN=good.example' })
      .pem,
    'half.pem': good.pem.slice(0, 200),
    'text.txt': 'no certificate\n',
    'broken.der': Buffer.from('3003020101', 'hex'),
    'key.pem': '-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n',
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
});
afterAll(() => rmSync(folder, { recursive: true }));

const verify = (...words: readonly string[]) =>
  cli(
    folder,
    'verify',
    ...words,
    '--local',
    '--anchor',
    'root.pem',
    '--untrusted',
    'ca.der',
    '--crl',
    'crls.pem',
  );

test('a good leaf is valid with exit code 0, PEM or DER', async () => {
  expect(await verify('good.pem', '--host', 'good.example')).toMatchObject({
    code: 0,
    out: 'good.pem: valid OK the path holds for host good.example: CN=good.example\n',
    err: '',
  });
  expect(await verify('good.der')).toMatchObject({ code: 0 });
});

test('a line names who was judged, whatever the verdict is about', async () => {
  const { out } = await verify(
    'good.pem',
    'revoked.pem',
    'orphan.pem',
    'below.pem',
    'ca.der',
    'nameless.pem',
  );
  expect(out.trimEnd().split('\n')).toEqual([
    'good.pem: valid OK the path holds: CN=good.example',
    expect.stringMatching(/^revoked\.pem: invalid REVOKED CN=leaf\.example was revoked /),
    'orphan.pem: invalid NO_PATH no path leads from CN=orphan.example to a trust anchor',
    expect.stringMatching(/^below\.pem: invalid EXPIRED CN=below\.example: CN=Old CA was valid until /),
    'ca.der: valid OK the judged certificate is a CA: the path holds: CN=Test Intermediate',
    expect.stringMatching(
      /^nameless\.pem: invalid EXPIRED the certificate without a subject \(serial [\dA-F]+\): CN=Old CA was /,
    ),
  ]);
});

test('a subject with a line of its own stays in the line of its answer', async () => {
  const { out } = await verify('sly.pem');
  expect(out).toBe(
    String.raw`sly.pem: valid OK the path holds: CN=x\0agood.pem: valid OK the path holds: CN=good.example` +
      '\n',
  );
});

test('several leaves get a line each, in their order, and the worst decides the exit code', async () => {
  const { code, out } = await verify('revoked.pem', 'good.pem');
  expect(code).toBe(1);
  expect(out.trimEnd().split('\n')).toEqual([
    expect.stringMatching(/^revoked\.pem: invalid REVOKED /),
    expect.stringMatching(/^good\.pem: valid OK /),
  ]);
});

test('indeterminate is worse than invalid', async () => {
  const words = ['good.pem', 'broken.der', '--local', '--anchor', 'root.pem', '--untrusted', 'ca.der'];
  const { code, out } = await cli(folder, 'verify', ...words);
  expect(code).toBe(2);
  expect(out).toMatch(/good\.pem: indeterminate CRL_NONE .*\nbroken\.der: invalid MALFORMED /);
});

test('--json gives one object a line, errors included', async () => {
  const { code, out } = await verify('good.pem', 'missing.pem', '--json');
  const lines = out
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  expect(code).toBe(66);
  expect(lines).toEqual([
    expect.objectContaining({ file: 'good.pem', status: 'valid', code: 'OK' }),
    expect.objectContaining({ file: 'missing.pem', status: 'error', code: 'FILE_UNREADABLE' }),
  ]);
});

test.each([
  ['half.pem', 65, /half\.pem: error BAD_PEM BEGIN CERTIFICATE has no END/],
  ['text.txt', 65, /text\.txt: error NO_CERTIFICATE the file is neither PEM/],
  ['key.pem', 65, /key\.pem: error NO_CERTIFICATE the file holds no CERTIFICATE block/],
  ['missing.pem', 66, /missing\.pem: error FILE_UNREADABLE cannot be read: .*ENOENT/],
])('%s ends with %i and says why', async (name, exit, message) => {
  const { code, out, err } = await verify(name);
  expect([code, out]).toEqual([exit, '']);
  expect(err).toMatch(message);
});

test('a leaf for another host is invalid', async () => {
  expect(await verify('good.pem', '--host', 'other.example')).toMatchObject({
    code: 1,
    out: expect.stringMatching(/invalid PEER_NAME/),
  });
});

test('an unknown profile is a usage error that names it', async () => {
  const { code, err } = await verify('good.pem', '--profile', 'webkpi');
  expect(code).toBe(64);
  expect(err).toMatch(/webkpi/);
});

test.each(['verify', 'explain'])(
  '%s in this process takes a CRL larger than any request may hold',
  async (command) => {
    const [root, size] = [createRoot(), 9 << 20];
    const leaf = createLeaf(root);
    const large = createCrl(root, {
      extensions: [ext.crlNumber(1)],
      revoked: [{ serial: 1, extensions: [ext.extension('1.2.3', Buffer.alloc(size))] }],
    });
    writeFileSync(join(folder, 'large-root.pem'), root.pem);
    writeFileSync(join(folder, 'large-leaf.pem'), leaf.pem);
    writeFileSync(join(folder, 'large.crl'), large.der);
    const words = ['large-leaf.pem', '--local', '--anchor', 'large-root.pem', '--crl', 'large.crl'];
    const { code, out } = await cli(folder, command, ...words);
    expect([code, out]).toEqual([0, expect.stringContaining('valid OK')]);
  },
);

test('without a server the error says so and offers --local', async () => {
  const { code, err } = await cli(folder, 'verify', 'good.pem');
  expect(code).toBe(69);
  expect(err).toMatch(/nothing listens at unix:.*--local/);
});

test.each([
  ['2026-03-31T12:00:00Z', Date.UTC(2026, 2, 31, 12)],
  ['2026-03-31T12:00:00.900Z', Date.UTC(2026, 2, 31, 12)],
  ['2026-03-31T12:00+02:00', Date.UTC(2026, 2, 31, 10)],
  ['2026-03-31', Date.UTC(2026, 2, 31)],
])('--at %s is that instant in whole seconds', (text, milliseconds) => {
  expect(parseInstant(text)).toBe(milliseconds);
});

test.each(['yesterday', '2026-02-30', '2026-02-30T00:00:00Z', '2026-03-31T12:00:00', '31.3.2026', ''])(
  '--at %j is not an instant',
  (text) => {
    expect(() => parseInstant(text)).toThrow(/is not an instant/);
  },
);

test('--ocsp is the evidence on the leaf, DER or PEM, and PEM may stand in its own file', async () => {
  const words = ['--local', '--anchor', 'root.pem', '--untrusted', 'ca.der', '--crl', 'root.crl'];
  const ask = (...files: readonly string[]) => cli(folder, 'verify', ...files, ...words);
  expect(await ask('good.pem')).toMatchObject({ code: 2, out: expect.stringContaining('CRL_NONE') });
  expect(await ask('good.pem', '--ocsp', 'good.ocsp')).toMatchObject({ code: 0 });
  const both = await ask('good.pem', 'revoked.pem', '--ocsp', 'good.ocsp', '--ocsp', 'revoked.ocsp.pem');
  expect(both.out).toMatch(/^good\.pem: valid OK .*\nrevoked\.pem: invalid REVOKED /);
  const [leaf, stapled] = ['revoked.pem', 'revoked.ocsp.pem'].map((name) => readFileSync(join(folder, name)));
  writeFileSync(join(folder, 'stapled.pem'), Buffer.concat([leaf!, stapled!]));
  expect(await ask('stapled.pem')).toMatchObject({ code: 1, out: expect.stringContaining('REVOKED') });
  expect(await ask('good.pem', '--ocsp', 'crls.pem')).toMatchObject({
    code: 65,
    err: expect.stringContaining('crls.pem: the file holds no OCSP RESPONSE block'),
  });
});

test('- is standard input, with its own name in the answer', async () => {
  const words = ['--local', '--anchor', 'root.pem', '--untrusted', 'ca.der', '--crl', 'crls.pem'];
  const child = spawn(process.execPath, [join(process.cwd(), 'dist/cli/main.js'), 'verify', '-', ...words], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(readFileSync(join(folder, 'good.pem')));
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).toString()).toMatch(/^-: valid OK /);
});

test('a file without end is given up, not read until the memory is full', async () => {
  const { code, err } = await verify('/dev/zero');
  expect(code).toBe(66);
  expect(err).toMatch(/\/dev\/zero: .*holds more than 134217728 bytes/);
});
