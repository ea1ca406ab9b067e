import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export type ProxyProgram = 'squid' | 'nginx';

/** A real caching proxy on loopback. `hosts`: names that Squid resolves to 127.0.0.1. */
export class CachingProxy {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, folder: string, port: number) {
    this.#child = child;
    this.#folder = folder;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(program: ProxyProgram, hosts: readonly string[] = []): Promise<CachingProxy> {
    const folder = mkdtempSync(join(tmpdir(), `pkixd-${program}-`));
    // Squid started by root reads its files as another user.
    chmodSync(folder, 0o755);
    const port = await freePort();
    const config = join(folder, 'conf');
    writeFileSync(join(folder, 'hosts'), hosts.map((host) => `127.0.0.1 ${host}\n`).join(''));
    mkdirSync(join(folder, 'cache'));
    writeFileSync(config, program === 'squid' ? squidConfig(folder, port) : nginxConfig(folder, port));
    const flags = program === 'squid' ? ['-N', '-f', config] : ['-p', folder, '-e', 'stderr', '-c', config];
    const child = spawn(program, flags, { stdio: ['ignore', 'ignore', 'pipe'] });
    const proxy = new CachingProxy(child, folder, port);
    await proxy.#listening(port);
    return proxy;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await exited;
    }
    rmSync(this.#folder, { recursive: true });
  }

  async #listening(port: number): Promise<void> {
    let said = '';
    this.#child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    while (!(await accepts(port))) {
      if (this.#child.exitCode !== null) throw new Error(`the proxy did not start: ${said}`);
      await delay(20);
    }
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}

const squidConfig = (folder: string, port: number): string => `
http_port 127.0.0.1:${port}
http_access allow all
hosts_file ${folder}/hosts
dns_nameservers 127.0.0.1
dns_timeout 1 second
cache_mem 16 MB
access_log none
cache_log /dev/null
cache_store_log none
pid_filename none
netdb_filename none
pinger_enable off
coredump_dir ${folder}
visible_hostname squid.test
shutdown_lifetime 0 seconds
`;

const nginxConfig = (folder: string, port: number): string => `
daemon off;
master_process off;
pid ${folder}/pid;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/temp;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  proxy_cache_path ${folder}/cache keys_zone=crls:1m;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://$http_host$request_uri;
      proxy_cache crls;
      proxy_cache_bypass $http_cache_control;
    }
  }
}
`;
