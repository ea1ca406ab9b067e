// @slow: starts a process twice for each of many configurations; one version of Node is enough.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { inOwnMounts } from '../component.js';
import { createRoot } from '../pki/pki.js';

const folder = mkdtempSync(join(tmpdir(), 'pkixd-wrong-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);
const root = createRoot();
const other = createRoot();
writeFileSync(at('root.pem'), root.pem);
writeFileSync(at('other.pem'), other.pem);
writeFileSync(at('root.key'), root.key.privateKey.export({ type: 'pkcs8', format: 'pem' }));
writeFileSync(at('other.key'), other.key.privateKey.export({ type: 'pkcs8', format: 'pem' }));
writeFileSync(at('garbage'), 'this is not a certificate\n');
writeFileSync(at('file'), '');
mkdirSync(at('empty'));
mkdirSync(at('others'));
chmodSync(at('others'), 0o755);
const isRoot = process.geteuid?.() === 0;

/** Options that make a server which would start, but for what a case adds. */
const BASE = { 'trust.anchors': [at('root.pem')], 'workers.count': 1 };
const tls = (fields: object): object => ({
  listeners: [{ address: 'tls://127.0.0.1:0', certificate: at('root.pem'), key: at('root.key'), ...fields }],
});

interface Wrong {
  readonly what: string;
  readonly options: object;
  /** What the sentence names: key, value or file, and the way out. */
  readonly says: RegExp;
  readonly exit?: number;
}

const CASES: readonly Wrong[] = [
  {
    what: 'a group as an option',
    options: { threads: 4 },
    says: /threads: is a group of options: threads\.count/,
  },
  {
    what: 'a mistyped option',
    options: { 'worker.count': 2 },
    says: /worker\.count: .*did you mean workers\.count/,
  },
  { what: 'an option that there is not', options: { color: 'red' }, says: /color: there is no such option/ },
  {
    what: 'an option by its old name',
    options: { 'crl.storeMax': 1 },
    says: /crl\.storeMax: .*called crl\.maxStoreSize/,
  },
  { what: 'no worker', options: { 'workers.count': -1 }, says: /workers\.count: -1 .*it takes 1 to \d+/ },
  { what: 'a number in words', options: { 'workers.count': 'many' }, says: /workers\.count: "many"/ },
  {
    what: 'a time without a unit that there is',
    options: { 'drain.timeout': '5 parsecs' },
    says: /drain\.timeout: "5 parsecs"/,
  },
  {
    what: 'a time beyond its bound',
    options: { 'workers.pingInterval': '400d' },
    says: /workers\.pingInterval: "400d"/,
  },
  { what: 'a size that is none', options: { 'request.maxSize': 'big' }, says: /request\.maxSize: "big"/ },
  {
    what: 'a switch that is none',
    options: { 'threads.spare': 'perhaps' },
    says: /threads\.spare: "perhaps"/,
  },
  { what: 'a word of no list', options: { 'log.level': 'loud' }, says: /log\.level: "loud"/ },
  {
    what: 'bounds the wrong way round',
    options: { 'workers.min': 5, 'workers.max': 2 },
    says: /workers\.min \(5\) must not exceed workers\.max \(2\)/,
  },
  {
    what: 'a listener without an address',
    options: { listeners: [{ protocol: 'line' }] },
    says: /listeners\[0\]/,
  },
  { what: 'no listener', options: { listeners: [] }, says: /listeners/ },
  {
    what: 'an address with another scheme',
    options: { listeners: ['http://a:1'] },
    says: /"http:\/\/a:1".*unix:\/path/,
  },
  { what: 'a port beyond all', options: { listeners: ['tcp://127.0.0.1:70000'] }, says: /70000.*65535/ },
  {
    what: 'a protocol that there is not',
    options: { listeners: [{ address: 'tcp://127.0.0.1:0', protocol: 'smtp' }] },
    says: /protocol: "smtp"/,
  },
  {
    what: 'a key of a listener that there is not',
    options: { listeners: [{ address: 'tcp://127.0.0.1:0', color: 1 }] },
    says: /listeners\[0\]\.color/,
  },
  {
    what: 'the same address twice',
    options: { listeners: ['tcp://127.0.0.1:9', 'tcp://127.0.0.1:9'] },
    says: /127\.0\.0\.1:9/,
  },
  {
    what: 'a socket path that is too long',
    options: { listeners: [`unix:/${'x'.repeat(120)}`] },
    says: /121 bytes and the system allows 107/,
  },
  {
    what: 'a socket in a directory that is missing',
    options: { listeners: [`unix:${at('none/s.sock')}`] },
    says: /directory of the socket .*none\/s\.sock does not exist; make/,
  },
  {
    what: 'a socket where a file is',
    options: { listeners: [`unix:${at('file')}`] },
    says: /file exists and is not a socket; remove it/,
  },
  {
    what: 'a mode that is none',
    options: { listeners: [{ address: `unix:${at('s')}`, mode: '999' }] },
    says: /mode: "999" .*is not a file mode; write/,
  },
  {
    what: 'a group of a socket that there is not',
    options: { listeners: [{ address: `unix:${at('s')}`, group: 'nogroup-here' }] },
    says: /there is no group "nogroup-here"/,
  },
  {
    what: 'a host name that cannot be resolved',
    options: { listeners: ['tcp://nothing.invalid:15280'] },
    says: /nothing\.invalid:15280: the host name cannot be resolved/,
  },
  {
    what: 'an address of another host',
    options: { listeners: ['tcp://192.0.2.1:15280'] },
    says: /192\.0\.2\.1:15280: this host does not have the address/,
  },
  {
    what: 'TLS without a certificate',
    options: { listeners: ['tls://127.0.0.1:0'] },
    says: /certificate: is missing/,
  },
  {
    what: 'a TLS certificate that is missing',
    options: tls({ certificate: at('none.pem') }),
    says: /none\.pem/,
  },
  { what: 'a TLS key that is missing', options: tls({ key: at('none.key') }), says: /none\.key/ },
  { what: 'a TLS key of another certificate', options: tls({ key: at('other.key') }), says: /key/ },
  { what: 'a TLS key that is none', options: tls({ key: at('garbage') }), says: /garbage/ },
  { what: 'client CAs that are missing', options: tls({ clientCa: at('none.pem') }), says: /none\.pem/ },
  { what: 'client CAs that are none', options: tls({ clientCa: at('garbage') }), says: /garbage/ },
  {
    what: 'a clientAuth that there is not',
    options: tls({ clientCa: at('root.pem'), clientAuth: 'maybe' }),
    says: /clientAuth: "maybe"/,
  },
  {
    what: 'anchors that are missing',
    options: { 'trust.anchors': [at('none.pem')] },
    says: /trust\.anchors: .*none\.pem.*no such file/,
  },
  {
    what: 'anchors that are none',
    options: { 'trust.anchors': [at('garbage')] },
    says: /trust\.anchors: .*garbage/,
  },
  {
    what: 'a folder of anchors without any',
    options: { 'trust.anchors': [at('empty')] },
    says: /trust\.anchors: .*empty/,
  },
  {
    what: 'a profile that there is not',
    options: { 'profile.default': 'mine' },
    says: /profile\.default: there is no profile "mine"; there are/,
  },
  {
    what: 'a base profile that there is not',
    options: { profiles: { mine: { base: 'rfc1' } } },
    says: /base: "rfc1"/,
  },
  {
    what: 'a profile whose anchors are missing',
    options: { profiles: { mine: { base: 'rfc5280', anchors: [at('none.pem')] } } },
    says: /profiles\.mine\.anchors: .*none\.pem/,
  },
  {
    what: 'CAs for downloads that are missing',
    options: { 'crl.caFile': at('none.pem') },
    says: /crl\.caFile .*none\.pem: .*no such file/,
  },
  {
    what: 'CAs for downloads that are none',
    options: { 'crl.caFile': at('garbage') },
    says: /crl\.caFile .*garbage/,
  },
  {
    what: 'a proxy that is no URL',
    options: { 'crl.proxy': 'proxy:3128' },
    says: /crl\.proxy: "proxy:3128"/,
  },
  {
    what: 'a Redis that is no URL',
    options: { 'crl.redis': 'cache' },
    says: /crl\.redis: .*redis:\/\/host:6379/,
  },
  {
    what: 'a destination that is none',
    options: { 'crl.allow': ['10.0.0.0/99'] },
    says: /crl\.allow.*10\.0\.0\.0\/99/,
  },
  {
    what: 'a user that there is not',
    options: { 'workers.user': 'noone-here' },
    says: /workers\.user: .*"noone-here"/,
  },
  {
    what: 'a group that there is not',
    options: { 'workers.group': 'nogroup-here' },
    says: /workers\.group: .*"nogroup-here"/,
  },
  {
    what: 'a CRL proxy with permits',
    options: { listeners: [{ address: 'tcp://127.0.0.1:0', protocol: 'crl-proxy', permits: ['at'] }] },
    says: /listeners\[0\]\.permits: .*crl-proxy has nothing to permit; leave it out/,
  },
  {
    what: 'a data directory that is a file',
    options: { 'data.directory': at('file') },
    says: /data\.directory: ".*file": it is not a directory/,
  },
  {
    what: 'a data directory below a file',
    options: { 'data.directory': at('file/data') },
    says: /data\.directory: .*file is not a directory/,
  },
  {
    what: 'a run directory that is a file',
    options: { 'run.directory': at('file') },
    says: /run\.directory: ".*file": it is not a directory/,
  },
  {
    what: 'a log directory that is a file',
    options: { 'log.directory': at('file') },
    says: /log\.directory: ".*file": it is not a directory/,
  },
  {
    what: 'a data directory on a file system without files',
    options: { 'data.directory': '/proc/pkixd' },
    says: /data\.directory: "\/proc\/pkixd"/,
  },
  ...(isRoot
    ? [
        {
          what: 'a data directory of another user',
          options: { 'workers.user': 'nobody', 'data.directory': at('others') },
          says: /data\.directory: .*others": user \d+ may not write there.*chown/,
        },
      ]
    : []),
];

let number = 0;

/** @param within a shell command that makes the process's surroundings */
function start(
  options: object,
  flags: readonly string[] = [],
  within?: string,
): { readonly status: number | null; readonly stderr: string } {
  number++;
  const file = at(`${number}.json`);
  // Directories of its own for each: none of them is to start.
  const own = {
    'run.directory': at(`run-${number}`),
    'log.directory': at(`log-${number}`),
    'data.directory': at(`data-${number}`),
  };
  writeFileSync(file, JSON.stringify({ ...own, ...BASE, ...options }));
  const args = ['dist/cli/main.js', 'start', '--config', file, ...flags];
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PKIXD_')));
  const command = [process.execPath, ...args];
  const [program = '', ...rest] =
    within === undefined
      ? command
      : ['unshare', '--mount', 'sh', '-c', `${within} && exec "$@"`, 'sh', ...command];
  const { status, stderr } = spawnSync(program, rest, { encoding: 'utf8', timeout: 120_000, env });
  return { status, stderr };
}

test.each(CASES)(
  '$what is refused by --check and by start alike, with its name and a way out',
  ({ options, says, exit = 78 }) => {
    const checked = start(options, ['--check']);
    expect(checked.stderr).toMatch(says);
    expect(checked.status).toBe(exit);
    const started = start(options);
    expect(started.stderr).toMatch(says);
    expect(started.status).toBe(exit);
  },
);

inOwnMounts()('a full disk is told by --check and by the first start alike', () => {
  mkdirSync(at('full'));
  const full = `mount -t tmpfs -o size=1m tmpfs '${at('full')}'`;
  for (const flags of [['--check'], []]) {
    const { status, stderr } = start({ 'data.directory': at('full') }, flags, full);
    expect(stderr).toMatch(
      /data\.directory: .*full": its file system has \d+ KiB left and .* needs \d+ KiB; free some/,
    );
    expect(status).toBe(78);
  }
});

test('all problems come in one list, whatever finds them', () => {
  const options = {
    'workers.user': 'noone-here',
    'crl.caFile': at('none.pem'),
    'data.directory': at('file'),
    'trust.anchors': [at('garbage')],
    listeners: ['tcp://192.0.2.1:15280', `unix:${at('none/s.sock')}`],
  };
  const { status, stderr } = start(options);
  expect(status).toBe(78);
  expect(stderr).toMatch(/the configuration has 6 problems/);
});

test('an address in use is told by --check, and a start that meets it ends with 69', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const options = { listeners: [`tcp://127.0.0.1:${port}`] };
  const checked = start(options, ['--check']);
  expect(checked.stderr).toContain(`tcp://127.0.0.1:${port} is in use`);
  expect(checked.status).toBe(0);
  const started = start(options);
  expect(started.stderr).toContain(`another process listens on tcp://127.0.0.1:${port}`);
  expect(started.status).toBe(69);
  server.close();
});
