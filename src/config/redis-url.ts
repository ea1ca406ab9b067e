/** The address of Redis, and the user. */
export interface RedisAddress {
  readonly at:
    | { readonly kind: 'unix'; readonly path: string }
    | { readonly kind: 'tcp' | 'tls'; readonly host: string; readonly port: number };
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
}

export const REDIS_FORMS =
  '`redis://host:6379`, `rediss://host:6380` (TLS), each with `user:password@` before the host and `/db` behind it if need be, or `unix:/path` with `?db=`, `&username=` and `&password=`';

const DEFAULT_PORT = 6379;
/** sun_path holds 108 bytes, the last of them a NUL. */
const MAX_UNIX_PATH = 107;

/** `undefined` for a text that is not such a URL. */
export function parseRedisUrl(text: string): RedisAddress | undefined {
  if (text.startsWith('unix:')) return unixAddress(text.slice('unix:'.length));
  if (!/^rediss?:\/\/./i.test(text) || !URL.canParse(text)) return undefined;
  const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(text);
  const db = databaseOf(pathname.slice(1));
  if (hostname === '' || db === undefined || search !== '' || hash !== '') return undefined;
  return withSecrets(username, password, {
    at: {
      kind: protocol === 'rediss:' ? 'tls' : 'tcp',
      host: hostname.replace(/^\[(?<v6>.*)\]$/, '$<v6>'),
      port: port === '' ? DEFAULT_PORT : Number(port),
    },
    db,
  });
}

/** The URL without its secrets, for logs. */
export function showRedisAddress({ at, db }: RedisAddress): string {
  if (at.kind === 'unix') return `unix:${at.path}${db === 0 ? '' : `?db=${db}`}`;
  const host = at.host.includes(':') ? `[${at.host}]` : at.host;
  return `${at.kind === 'tls' ? 'rediss' : 'redis'}://${host}:${at.port}${db === 0 ? '' : `/${db}`}`;
}

function unixAddress(text: string): RedisAddress | undefined {
  const [path = '', query = ''] = text.split('?', 2);
  const parameters = new URLSearchParams(query);
  const db = databaseOf(parameters.get('db') ?? '');
  const isKnown = [...parameters.keys()].every((key) => ['db', 'username', 'password'].includes(key));
  if (path === '' || Buffer.byteLength(path) > MAX_UNIX_PATH || db === undefined || !isKnown)
    return undefined;
  return {
    at: { kind: 'unix', path },
    username: parameters.get('username') ?? undefined,
    password: parameters.get('password') ?? undefined,
    db,
  };
}

function withSecrets(
  username: string,
  password: string,
  address: Pick<RedisAddress, 'at' | 'db'>,
): RedisAddress | undefined {
  try {
    return {
      ...address,
      username: decodeURIComponent(username) || undefined,
      password: decodeURIComponent(password) || undefined,
    };
  } catch {
    return undefined;
  }
}

function databaseOf(text: string): number | undefined {
  return /^\d{0,5}$/.test(text) ? Number(text) : undefined;
}
