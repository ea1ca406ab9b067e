import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect } from '@jest/globals';
import { withComponent } from '../component.js';
import { until } from '../until.js';
import { TestServer } from './test-server.js';

const run = promisify(execFile);
let server: TestServer;
afterEach(async () => server.stop());

withComponent('logrotate')(
  'logrotate renames the log by the shipped file, and the server goes on in a new one',
  async () => {
    server = await TestServer.startPatient({ 'log.maxSize': 0 });
    const log = join(server.directory, 'logs/pkixd.log');
    const shipped = readFileSync('systemd/pkixd.logrotate', 'utf8');
    const signal = 'systemctl kill --kill-who=main --signal=SIGUSR1 pkixd.service';
    expect(shipped).toContain(signal);
    // The paths, the user and the signal's way are the unit's: here the server runs without systemd.
    const own = shipped
      .replace('/var/log/pkixd/pkixd.log', log)
      .replace(/^ *su .*\n/m, '')
      .replace(signal, `kill -USR1 ${server.process.pid}`);
    const folder = join(server.directory, 'rotation');
    mkdirSync(folder);
    const path = join(folder, 'conf');
    writeFileSync(path, own, { mode: 0o644 });
    await run('logrotate', ['--force', '--state', join(folder, 'state'), path]);
    expect(readFileSync(`${log}.1`, 'utf8')).toContain('"message"');
    // The next line of the log opens the new file.
    await server.command({ command: 'dump' });
    await until(() => existsSync(log) && server.log.includes('dump: status'));
    expect(readFileSync(`${log}.1`, 'utf8')).not.toContain('dump: status');
  },
);
