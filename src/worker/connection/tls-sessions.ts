import { hash, hkdfSync } from 'node:crypto';
import type { TlsMaterial } from '../../wire/ipc.js';

/**
 * A TLS session may be resumed only at the listener that made it, at any worker, while nothing changes that decides
 * which clients are accepted. A resumed session sends no certificate, and Node counts it as verified even if the first
 * handshake had none. So neither another listener nor the same one with other CAs may resume it.
 */
export interface TlsSessions {
  /** OpenSSL's session id context: 32 octets at most. */
  readonly context: string;
  /** The key of this listener's tickets (RFC 5077), 48 octets, derived from the server's key. */
  ticketKeys(serverKey: Uint8Array): Buffer;
}

const TICKET_KEY_LENGTH = 48;

/** The same in every worker; a value that Node derives from the process would differ. */
export function tlsSessionsOf({ listener, certificate, clientCa, clientAuth }: TlsMaterial): TlsSessions {
  const identity = hash('sha256', JSON.stringify([listener, certificate, clientCa, clientAuth]), 'hex');
  return {
    context: identity.slice(0, 32),
    ticketKeys: (serverKey) =>
      Buffer.from(hkdfSync('sha256', serverKey, '', `pkixd session tickets ${identity}`, TICKET_KEY_LENGTH)),
  };
}
