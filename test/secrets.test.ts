import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { loadConfig } from '../src/config/load.js';
import { parseFetchUrl } from '../src/crl/fetch/fetch-url.js';
import { messageOf } from '../src/errors.js';
import { withoutSecrets } from '../src/secrets.js';

const folder = mkdtempSync(join(tmpdir(), 'pkixd-secrets-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const SECRET = 'hunter2';

/** URLs with a password, right and with typing errors in every place. */
const URLS = [
  'http://user:hunter2@proxy.example:3128',
  'htp://user:hunter2@proxy.example:3128',
  'http:/user:hunter2@proxy.example:3128',
  'http//user:hunter2@proxy.example:3128',
  'user:hunter2@proxy.example:3128',
  'http://user:hunter2@proxy.example:99999',
  'http://user:hunter2@proxy.example:3128/path',
  'http://user:p/a#s?hunter2@proxy.example',
  'http://user:hunter2@x@proxy.example//',
  'http://user:hunter2@',
  'ldap://user:hunter2@proxy.example',
  'redis://user:hunter2@redis.example:6379/x',
  'unix:/run/redis.sock?password=hunter2&what=1',
  'unx:/run/redis.sock?password=hunter2',
];

const KEYS = [
  'crl.proxy',
  'crl.redis',
  'crl.prxy',
  'crl.allow',
  'crl.issuerHosts',
  'workers.count',
  'connection.idleTimeout',
  'log.level',
  'listeners',
  'profiles',
  'crl.sources',
];

/** What is said of a configuration that is refused; '' where it is taken. */
function refusal(load: () => unknown): string {
  try {
    load();
    return '';
  } catch (error) {
    return `${messageOf(error)} ${String(error)} ${error instanceof Error ? String(error.stack) : ''}`;
  }
}

function fileWith(text: string): string {
  const file = join(folder, 'pkixd.config.yaml');
  writeFileSync(file, text);
  return file;
}

test.each(KEYS)('no secret is quoted, wherever it was written: %s', (key) => {
  for (const url of URLS) {
    const value = key === 'crl.sources' ? [{ issuer: 'CN=CA', url, file: url }] : [url];
    const texts = [
      () => loadConfig({ env: {}, flags: { [key]: url }, cwd: folder }),
      () => loadConfig({ env: {}, flags: { [key]: value }, cwd: folder }),
      () => loadConfig({ env: {}, file: fileWith(JSON.stringify({ [key]: value })), cwd: folder }),
      // Not YAML any more: the lines around the error are not shown.
      () => loadConfig({ env: {}, file: fileWith(`${key}: "${url}" : x\n`), cwd: folder }),
      () => loadConfig({ env: {}, file: fileWith(`a: [\n${key}: ${url}\n`), cwd: folder }),
      () => loadConfig({ env: {}, file: fileWith(`${key}: *${url}\n`), cwd: folder }),
    ].map(refusal);
    for (const text of texts) expect(text).not.toContain(SECRET);
  }
});

test('the URL of a CRL is shown without what it carries', () => {
  for (const url of URLS) expect(refusal(() => parseFetchUrl(url))).not.toContain(SECRET);
});

test('a value without a secret is shown as it is, and a host behind one too', () => {
  expect(withoutSecrets('http://proxy.example:3128/a')).toBe('http://proxy.example:3128/a');
  expect(withoutSecrets('http://u:p@proxy.example:3128')).toBe('http://***@proxy.example:3128');
  expect(withoutSecrets('unix:/a?db=1&password=x&username=u')).toBe('unix:/a?db=1&password=***&username=u');
  expect(refusal(() => loadConfig({ env: {}, flags: { 'log.level': 'loud' }, cwd: tmpdir() }))).toContain(
    '"loud"',
  );
});
