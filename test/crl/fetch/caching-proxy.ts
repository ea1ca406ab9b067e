import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../free-port.js';

/** The caches that are tried, by the names of their programs. */
export const PROXY_PROGRAMS = ['squid', 'nginx', 'varnishd'] as const;
export type ProxyProgram = (typeof PROXY_PROGRAMS)[number];

/** Where a cache gets what it does not have. */
export interface Behind {
  /** Names that Squid resolves to 127.0.0.1. */
  readonly hosts?: readonly string[];
  /** The port on loopback that Varnish asks, which chooses no server by the request. */
  readonly port: number;
  /** What answers on that port is itself a proxy, and asked by all three. */
  readonly isProxy?: boolean;
}

interface Place extends Behind {
  readonly folder: string;
  /** That it listens on. */
  readonly own: number;
}

/** A real caching proxy on loopback. */
export class CachingProxy {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, folder: string, port: number) {
    this.#child = child;
    this.#folder = folder;
    this.port = port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  static async start(program: ProxyProgram, behind: Behind): Promise<CachingProxy> {
    const folder = mkdtempSync(join(tmpdir(), `pkixd-${program}-`));
    // Squid and Varnish, started by root, read their files as another user.
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, 'cache'));
    const own = await freePort();
    const child = spawn(program, START[program]({ ...behind, folder, own }), {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const proxy = new CachingProxy(child, folder, own);
    await proxy.#listening();
    return proxy;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, 'exit');
      // Varnish's own child ends with it.
      this.#child.kill('SIGTERM');
      const late = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
      await exited;
      clearTimeout(late);
    }
    rmSync(this.#folder, { recursive: true });
  }

  async #listening(): Promise<void> {
    let said = '';
    this.#child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    while (!(await accepts(this.port))) {
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

/** Writes the configuration of each, and gives its arguments. */
const START: Readonly<Record<ProxyProgram, (place: Place) => readonly string[]>> = {
  squid(place) {
    writeFileSync(
      join(place.folder, 'hosts'),
      (place.hosts ?? []).map((host) => `127.0.0.1 ${host}\n`).join(''),
    );
    return ['-N', '-f', configuration(place, squidConfiguration(place))];
  },
  nginx(place) {
    return ['-p', place.folder, '-e', 'stderr', '-c', configuration(place, nginxConfiguration(place))];
  },
  varnishd(place) {
    const vcl = configuration(place, varnishConfiguration(place));
    const work = join(place.folder, 'work');
    return ['-F', '-n', work, '-a', `127.0.0.1:${place.own}`, '-T', 'none', '-s', 'malloc,256m', '-f', vcl];
  },
};

function configuration({ folder }: Place, text: string): string {
  const path = join(folder, 'conf');
  writeFileSync(path, text);
  return path;
}

const squidConfiguration = ({ folder, own, port, isProxy = false }: Place): string => `
http_port 127.0.0.1:${own}
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
${isProxy ? `cache_peer 127.0.0.1 parent ${port} 0 no-query no-digest default\nnever_direct allow all` : ''}
`;

const nginxConfiguration = ({ folder, own, port, isProxy = false }: Place): string => `
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
    listen 127.0.0.1:${own};
    location / {
      proxy_pass http://${isProxy ? `127.0.0.1:${port}` : '$http_host'}$request_uri;
      proxy_set_header Host $http_host;
      proxy_cache crls;
      proxy_cache_key $http_host$request_uri;
      proxy_cache_bypass $http_cache_control;
    }
  }
}
`;

const varnishConfiguration = ({ port }: Place): string => `vcl 4.1;
backend behind { .host = "127.0.0.1"; .port = "${port}"; }
sub vcl_recv {
  if (req.http.Cache-Control ~ "no-cache") { set req.hash_always_miss = true; }
}
sub vcl_backend_response {
  set beresp.grace = 1h;
  set beresp.keep = 1h;
}
`;
