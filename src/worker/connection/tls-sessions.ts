import { hash, hkdfSync } from 'node:crypto';
import type { TlsMaterial } from '../../wire/ipc.js';

/**
 * Where a TLS session may be resumed: at the listener that made it, at whichever worker, for as long as nothing changes
 * that decided who was let in. A resumed session is not asked for a certificate again, and Node takes it for verified
 * even where the first handshake had none, so neither another listener nor the same one with other CAs may resume it.
 */
export interface TlsSessions {
  /** OpenSSL's session id context: 32 octets at most. */
  readonly context: string;
  /** The key of this listener's tickets (RFC 5077), 48 octets, out of the server's own. */
  ticketKeys(serverKey: Uint8Array): Buffer;
}

const TICKET_KEY_LENGTH = 48;

/** The same in every worker: whatever Node derives from the process would part them. */
export function tlsSessionsOf({ listener, certificate, clientCa, clientAuth }: TlsMaterial): TlsSessions {
  const identity = hash('sha256', JSON.stringify([listener, certificate, clientCa, clientAuth]), 'hex');
  return {
    context: identity.slice(0, 32),
    ticketKeys: (serverKey) =>
      Buffer.from(hkdfSync('sha256', serverKey, '', `pkixd session tickets ${identity}`, TICKET_KEY_LENGTH)),
  };
}
