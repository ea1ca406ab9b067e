import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { checksClients } from '../../config/client-profiles.js';
import type { ListenerConfig, TlsConfig } from '../../config/config.js';
import { messageOf, PkixdError } from '../../errors.js';
import type { TlsMaterial } from '../../wire/ipc.js';

const PEM_CERTIFICATE =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

class TlsFileError extends PkixdError {
  constructor(listener: string, why: string, options?: ErrorOptions) {
    super('TLS_FILES', `the TLS listener "${listener}" cannot be served: ${why}`, options);
  }
}

/**
 * Reads the files of every TLS listener and has OpenSSL check that each key belongs to its certificate. Throws a
 * `PkixdError` that names listener and file.
 */
export function readTlsMaterials(listeners: readonly ListenerConfig[]): readonly TlsMaterial[] {
  return listeners.flatMap(({ name, tls }) => (tls === null ? [] : [readMaterial(name, tls)]));
}

function readMaterial(listener: string, tls: TlsConfig): TlsMaterial {
  const certificate = read(listener, tls.certificate);
  const key = read(listener, tls.key);
  const clientCa = tls.clientCa === null ? null : readAuthorities(listener, tls.clientCa);
  try {
    createSecureContext({ cert: certificate, key, ...(clientCa !== null && { ca: clientCa }) });
  } catch (error) {
    const files = `${tls.certificate} and ${tls.key}`;
    throw new TlsFileError(listener, `${files} do not make a certificate and its key: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const { clientAuth } = tls;
  return { listener, certificate, key, clientCa, clientAuth, isChecked: checksClients(tls) };
}

/** OpenSSL ignores a file without certificates, and a listener without a client CA would refuse every client. */
function readAuthorities(listener: string, path: string): string {
  const text = read(listener, path);
  const blocks = text.match(PEM_CERTIFICATE) ?? [];
  if (blocks.length === 0)
    throw new TlsFileError(
      listener,
      `clientCa ${path} holds no certificate (no PEM block BEGIN CERTIFICATE)`,
    );
  for (const [place, block] of blocks.entries()) {
    try {
      void new X509Certificate(block);
    } catch (error) {
      const which = `certificate ${place + 1} of clientCa ${path}`;
      throw new TlsFileError(listener, `${which} cannot be read: ${messageOf(error)}`, { cause: error });
    }
  }
  return text;
}

function read(listener: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new TlsFileError(listener, messageOf(error), { cause: error });
  }
}
