import type { SecureContext } from 'node:tls';
import type { Config } from '../../config/config.js';
import type { RedisAddress } from '../../config/redis-url.js';
import type { Logger } from '../../log.js';
import { Announcements, type AnnouncementsOptions } from './announcements.js';
import { RedisConnection } from './redis-connection.js';
import { RedisShare } from './redis-share.js';
import { SharedNames } from './shared-entry.js';

export type Listening = Pick<AnnouncementsOptions, 'watched' | 'onAnnounced'>;

export type Hosts = ReturnType<typeof connectShare>;

/** Connects to the Redis of `crl.redis`. Two connections, since a subscribed one takes no commands. */
export function connectShare(
  address: RedisAddress,
  config: Config,
  secureContext: SecureContext,
  log: Logger,
) {
  const timeout = config['crl.redisTimeout'];
  const names = new SharedNames(config['crl.redisPrefix']);
  const link = { address, secureContext, timeout, log };
  const connection = new RedisConnection({ ...link, purpose: 'CRLs of other hosts' });
  const share = new RedisShare({
    connection,
    names,
    maxSize: config['crl.maxSize'],
    wait: config['crl.redisMaxWait'],
    fetchTimeout: config['crl.fetchTimeout'],
    refresh: config['crl.refresh'],
    now: Date.now,
  });
  let listener: RedisConnection | undefined;
  let announcements: Announcements | undefined;
  return {
    share,
    /** Waits for Redis, no longer than for any answer of it. */
    up: async (): Promise<void> => connection.up(timeout),
    listen: (listening: Listening): void => {
      const subscribed = new RedisConnection({
        ...link,
        purpose: 'word of newer CRLs',
        onUp: () => void announcements?.subscribe(),
      });
      listener = subscribed;
      announcements = new Announcements({
        ...listening,
        connection: subscribed,
        channel: names.channel,
        log,
        now: () => performance.now(),
        random: Math.random,
      });
    },
    /** For the status. */
    counts: (): Readonly<Record<string, number>> => ({
      redisUp: Number(connection.isUp),
      redisHits: share.counts.hit,
      redisMisses: share.counts.miss,
      redisRefused: share.counts.refused,
      redisPublished: share.counts.published,
      redisAnnounced: announcements?.received ?? 0,
      redisErrors: connection.errors + (listener?.errors ?? 0),
    }),
    close: (): void => {
      announcements?.close();
      listener?.close();
      connection.close();
    },
  };
}
