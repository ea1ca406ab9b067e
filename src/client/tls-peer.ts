import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { PkixdError } from '../errors.js';
import { InputError } from './errors.js';
import type { VerifyInput } from './verify-input.js';

/** Whom one expects at the other end, and by which rules. */
export interface PeerExpectation extends Omit<VerifyInput, 'certificates' | 'hosts' | 'ips' | 'emails'> {
  /** The DNS name or IP address that the peer must prove; that of the socket's SNI when absent. */
  readonly host?: string;
}

/** The peer sent no certificate, or the handshake is not over yet. */
export class NoPeerCertificateError extends PkixdError {
  constructor() {
    super(
      'NO_PEER_CERTIFICATE',
      'the peer has no certificate; ask for it after secureConnect, with requestCert on a server',
    );
  }
}

/** Chains are far shorter; Node's own objects may be circular. */
const LONGEST = 32;

/**
 * The request that asks about the peer of a TLS connection: its chain as it was sent, the name it must have, and the
 * purpose that fits its side, `serverAuth` unless something else is expected.
 */
export function requestForPeer(socket: TLSSocket, expected: PeerExpectation): VerifyInput {
  const { host, ...rest } = expected;
  const purpose = expected.purpose ?? 'serverAuth';
  return { ...rest, certificates: peerChain(socket), purpose, ...nameOf(socket, host, purpose) };
}

function peerChain(socket: TLSSocket): Buffer[] {
  const chain: Buffer[] = [];
  const seen = new Set<string>();
  let certificate = socket.getPeerCertificate(true);
  // An empty object, or null, stands for no certificate; the topmost one is its own issuer.
  while (certificate?.raw && chain.length < LONGEST && !seen.has(certificate.fingerprint256)) {
    seen.add(certificate.fingerprint256);
    chain.push(certificate.raw);
    certificate = certificate.issuerCertificate;
  }
  if (chain.length === 0) throw new NoPeerCertificateError();
  return chain;
}

/** Clients are known by other means than a host name; a server without any is no known one. */
function nameOf(
  socket: TLSSocket,
  host: string | undefined,
  purpose: string,
): Pick<VerifyInput, 'hosts' | 'ips'> {
  const name = host ?? (purpose === 'serverAuth' ? sniOf(socket) : undefined);
  if (name === undefined) return {};
  return isIP(name) ? { ips: [name] } : { hosts: [name] };
}

function sniOf(socket: TLSSocket): string {
  const servername: unknown = 'servername' in socket ? socket.servername : undefined;
  if (typeof servername === 'string' && servername !== '') return servername;
  throw new InputError('whom to expect is not known: the connection has no SNI, so give a `host`');
}
