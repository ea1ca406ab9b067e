import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from '@jest/globals';
import { loadConfig } from '../../../src/config/load.js';
import { ConfiguredSources } from '../../../src/crl/fetch/configured-sources.js';
import { CrlFetcher } from '../../../src/crl/fetch/crl-fetcher.js';
import { fetcherOptions } from '../../../src/crl/fetch/fetcher-options.js';
import { DerReader } from '../../../src/x509/der.js';
import { parseNameText } from '../../../src/x509/name-text.js';
import { readName } from '../../../src/x509/name.js';
import * as der from '../../pki/der-builder.js';
import { createCrl, createRoot } from '../../pki/pki.js';
import { STRING_WRITERS } from '../../pki/strings.js';
import { fetchWith } from './fetch-scene.js';

const folder = mkdtempSync(join(tmpdir(), 'pkixd-sources-'));
afterAll(() => rmSync(folder, { recursive: true }));
const root = createRoot({ subject: 'Some Root' });
const crl = createCrl(root);

function configured(yaml: string) {
  const file = join(folder, 'pkixd.config.yaml');
  writeFileSync(file, yaml);
  const config = loadConfig({ file, env: {}, cwd: folder });
  const options = fetcherOptions(config, {});
  return { options, sources: ConfiguredSources.read(config, options.policy) };
}

test('the sources of an issuer are found by its name, in order, however it was written', () => {
  writeFileSync(join(folder, 'root.pem'), root.pem);
  const { sources } = configured(`
crl:
  allow: [127.0.0.1:8080]
  sources:
    - { issuer: CN=some  root, url: http://crl.example/a.crl }
    - { issuer: 'CN=Other,C=US', url: https://crl.example/b.crl }
    - { certificate: root.pem, file: local.crl }
    - { certificate: root.pem, url: http://127.0.0.1:8080/c.crl }
`);
  const local = pathToFileURL(join(folder, 'local.crl')).href;
  expect(sources.urlsFor(parseNameText('CN=Some Root'))).toEqual([
    'http://crl.example/a.crl',
    local,
    'http://127.0.0.1:8080/c.crl',
  ]);
  for (const write of Object.values(STRING_WRITERS)) {
    const issuer = der.name(['2.5.4.6', write('US')], ['2.5.4.3', write('OTHER')]);
    expect(sources.urlsFor(readName(new DerReader(issuer), 'issuer'))).toEqual(['https://crl.example/b.crl']);
  }
  expect(sources.urlsFor(parseNameText('CN=Third'))).toEqual([]);
  expect(sources.files).toEqual(new Set([local]));
});

test('what can never be fetched is refused at start, all of it at once', () => {
  const yaml = `
crl.sources:
  - { issuer: nobody, url: http://crl.example/ }
  - { certificate: missing.pem, url: http://crl.example/ }
  - { issuer: CN=A, url: ldap://crl.example/ }
  - { issuer: CN=A, url: http://127.0.0.1/ }
  - { issuer: CN=A, url: http://crl.example:8080/ }
  - { issuer: CN=A, url: http://crl.example/ }
`;
  let message = '';
  try {
    configured(yaml);
  } catch (error) {
    message = String(error);
  }
  expect(message).toMatch(/crl\.sources\[0\]: "nobody" is not a name/);
  expect(message).toMatch(/crl\.sources\[1\]: certificate .*missing\.pem: .*ENOENT/);
  expect(message).toMatch(/crl\.sources\[2\]: .*ldap is not supported/);
  expect(message).toMatch(/crl\.sources\[3\]: .*loopback address; list it in crl\.allow/);
  expect(message).toMatch(/crl\.sources\[4\]: .*port 8080/);
  expect(message).not.toMatch(/crl\.sources\[5\]/);
});

test('a configured file is read, and again only when it has changed; no other file ever is', async () => {
  const path = join(folder, 'local.crl');
  writeFileSync(path, crl.pem);
  const { options, sources } = configured(`crl.sources: [{ issuer: CN=A, file: local.crl }]`);
  const fetcher = new CrlFetcher({ ...options, maxSize: 1024 }, sources.files);
  const [url = ''] = sources.files;
  const first = await fetchWith(fetcher, url);
  expect(first).toMatchObject({ kind: 'fetched', der: crl.der });
  const { validators } = first as { validators: object };
  expect(await fetchWith(fetcher, url, { validators })).toMatchObject({ kind: 'notModified' });
  writeFileSync(path, crl.der);
  expect(await fetchWith(fetcher, url, { validators })).toMatchObject({ kind: 'fetched', der: crl.der });
  writeFileSync(path, Buffer.alloc(2048, 0x30));
  expect(await fetchWith(fetcher, url)).toMatchObject({ fault: 'tooLarge' });
  rmSync(path);
  expect(await fetchWith(fetcher, url)).toMatchObject({
    fault: 'connection',
    message: expect.stringMatching(/local\.crl: it cannot be read: .*ENOENT/),
  });
  execFileSync('/usr/bin/mkfifo', [path]);
  expect(await fetchWith(fetcher, url)).toMatchObject({ message: expect.stringMatching(/not a file/) });
  expect(await fetchWith(fetcher, 'file:///etc/passwd')).toMatchObject({ fault: 'unsupported' });
  await fetcher.close();
});
