import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import { AS_NOBODY, asNobodyInOwnMounts } from '../component.js';
import { demo } from './demo.js';
import { until } from '../until.js';

/**
 * The command lines of the shipped unit, as systemd would run them: as the user `nobody`, in directories that are made
 * and owned as systemd does it, with a NOTIFY_SOCKET. A mount namespace keeps /etc, /run and /var apart from the host's.
 */
const pki = demo();
const folder = mkdtempSync(join(tmpdir(), 'pkixd-unit-'));
const run = promisify(execFile);
let service: ChildProcess | undefined;
let output = '';

afterEach(async () => {
  if (service === undefined || service.exitCode !== null) return;
  service.kill('SIGTERM');
  await once(service, 'exit');
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  pki.remove();
});

const UNIT = readFileSync('systemd/pkixd.service', 'utf8');
const lineOf = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(UNIT)?.[1] ?? '';

/** Prints what systemd would be told. */
const NOTIFIED = `
import os, socket
notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notified.bind('/run/notify'); os.chmod('/run/notify', 0o777)
while True:
    print('told', notified.recv(4096).decode().replace('\\n', ' '), flush=True)
`;

const MOUNTED = ['/run', '/var/lib', '/var/log', '/etc/opt'];

/** Every directory that the unit names, and nothing else of /run, /var/lib and /var/log. */
const PREPARE = `
set -e
for mounted in ${MOUNTED.join(' ')}; do mount -t tmpfs tmpfs "$mounted"; done
mkdir -p /run/bin
for made in /run/pkixd /var/lib/pkixd /var/log/pkixd; do mkdir -m 755 "$made"; chown nobody "$made"; done
printf '#!/bin/sh\\nexec "$NODE" "$PROGRAM" "$@"\\n' > /run/bin/pkixd; chmod 755 /run/bin/pkixd
PATH="/run/bin:$PATH"; export PATH
`;

/** The unit's file of configuration lies where this test may write it. */
function commandOf(key: string): string {
  return lineOf(key).replaceAll('/etc/pkixd/', '/etc/opt/');
}

async function inService(
  pid: number,
  command: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const args = ['--mount', `--target=${pid}`, 'sh', '-c', `PATH="/run/bin:$PATH" ${command}`];
  try {
    return { code: 0, ...(await run('nsenter', args, { env: environment() })) };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

function environment(): NodeJS.ProcessEnv {
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PKIXD_')));
  return { ...own, NODE: process.execPath, PROGRAM: join(process.cwd(), 'dist/cli/main.js') };
}

const byNobody = (command: string): string => `${AS_NOBODY.join(' ')} ${command}`;

asNobodyInOwnMounts(MOUNTED)(
  'the unit starts as another user, is found by its configuration, reloads, and says why it does not',
  async () => {
    const config = join(folder, 'pkixd.config.yaml');
    const good = `trust.anchors: [/run/root.pem]\nworkers.count: 1\nlisteners: ['unix:/run/pkixd/pkixd.sock']\n`;
    writeFileSync(config, good);
    const script = `${PREPARE}
cp '${config}' /etc/opt/pkixd.config.yaml; cp '${pki.path('root.pem')}' /run/root.pem; chmod 644 /run/root.pem /etc/opt/*
python3 -u -c "$NOTIFIED" & notifier=$!
until [ -S /run/notify ]; do sleep 0.1; done
cd /
NOTIFY_SOCKET=/run/notify ${byNobody(commandOf('ExecStart'))} & primary=$!
trap 'kill $primary; wait $primary; kill $notifier; exit 0' TERM
wait $primary; kill $notifier`;
    service = spawn('unshare', ['--mount', 'sh', '-c', script], {
      env: { ...environment(), NOTIFIED },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [service.stdout, service.stderr])
      stream?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    const pid = service.pid ?? 0;
    await until(
      () => output,
      (text) => text.includes('told READY=1') || service?.exitCode !== null,
    );
    expect(output).toContain('told READY=1');

    const status = await inService(pid, 'pkixd status --config /etc/opt/pkixd.config.yaml');
    expect(status.stdout).toContain('unix:/run/pkixd/pkixd.sock');
    expect(await inService(pid, 'ls /run/pkixd /var/lib/pkixd /var/log/pkixd')).toMatchObject({
      stdout: expect.stringMatching(/pkixd\.sock[\s\S]*crl-store[\s\S]*pkixd\.log/),
    });

    const reload = byNobody(commandOf('ExecReload'));
    expect(await inService(pid, reload)).toMatchObject({ code: 0 });
    await until(
      () => output,
      (text) => text.includes('STATUS=reloaded'),
    );
    await inService(pid, "sed -i 's#/run/root.pem#/run/none.pem#' /etc/opt/pkixd.config.yaml");
    const refused = await inService(pid, reload);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('/run/none.pem');
    await until(
      () => output,
      (text) => /told READY=1 STATUS=the reload failed: .*none\.pem/.test(text),
    );
  },
);

test('every command of the unit names the same configuration', () => {
  for (const key of ['ExecStart', 'ExecReload']) {
    expect(lineOf(key)).toMatch(/^\/usr\/bin\/env pkixd \w+ --config \/etc\/pkixd\/pkixd\.config\.yaml$/);
  }
});
