import { X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import { createSecureContext, type ConnectionOptions } from 'node:tls';
import type { Options } from 'yargs';
import { messageOf } from '../errors.js';
import type { Context } from './context.js';
import { UsageError } from './exit-code.js';
import { type Arguments, textFlag } from './flags.js';
import { readInputFile } from './read-input.js';

/** The client certificate for a listener with `clientCa`. */
export const CLIENT_CERTIFICATE_FLAGS = {
  'client-cert': {
    type: 'string',
    requiresArg: true,
    implies: 'client-key',
    describe: 'For tls://: the certificate (PEM, with its chain) to show to the server',
  },
  'client-key': {
    type: 'string',
    requiresArg: true,
    implies: 'client-cert',
    describe: 'For tls://: the private key (PEM) of --client-cert',
  },
} as const satisfies Record<string, Options>;

/** The flags for the authentication of client and server at a `tls://` address. */
export const TLS_FLAGS = {
  'server-ca': {
    type: 'string',
    requiresArg: true,
    describe:
      'For tls://: the CA certificates (PEM) that the server’s certificate is checked with; else those of Node.js',
  },
  ...CLIENT_CERTIFICATE_FLAGS,
} as const satisfies Record<string, Options>;

/** @throws UsageError that names the flag and its file */
export function tlsOptions(context: Context, args: Arguments): ConnectionOptions {
  const read = (flag: string): Buffer | undefined => {
    const path = textFlag(args, flag);
    try {
      return path === undefined ? undefined : readInputFile(resolve(context.cwd, path));
    } catch (error) {
      throw new UsageError(`--${flag}: ${messageOf(error)}`);
    }
  };
  const [ca, cert, key] = [read('server-ca'), read('client-cert'), read('client-key')];
  // Node would ignore a file without a certificate, and report a wrong key only when it connects.
  check('--server-ca', () => ca && new X509Certificate(ca));
  check('--client-cert and --client-key', () => createSecureContext({ cert, key }));
  return { ...(ca && { ca }), ...(cert && key && { cert, key }) };
}

function check(flags: string, use: () => unknown): void {
  try {
    use();
  } catch (error) {
    throw new UsageError(`${flags}: this is not what TLS needs, in PEM: ${messageOf(error)}`);
  }
}
