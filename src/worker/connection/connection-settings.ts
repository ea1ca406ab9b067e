import { checksClients } from '../../config/client-profiles.js';
import type { Config } from '../../config/config.js';
import type { DeadlineKind, Protocol, RequestLimits } from '../../wire/protocol.js';
import type { ConnectionLimits } from './connection.js';
import type { ConnectionsOptions, ListenerView } from './connections.js';

/** The options of connections, in the form that their classes take. */
export function connectionsOptions(
  config: Config,
  protocols: Readonly<Record<string, Protocol>>,
): ConnectionsOptions {
  return {
    listeners: listenerViews(config, protocols),
    limits: requestLimits(config),
    max: config['connection.max'],
    handoverTimeout: config['handover.timeout'],
    maxAge: config['connection.maxAge'],
    tls: {
      helloTimeout: config['connection.helloTimeout'],
      timeout: config['connection.tlsTimeout'],
      max: config['connection.maxHandshakes'],
    },
  };
}

export function requestLimits(config: Config): RequestLimits {
  return {
    maxLine: config['request.maxLine'],
    maxSize: config['request.maxSize'],
    maxCertificates: config['request.maxCertificates'],
    maxCrls: config['request.maxCrls'],
  };
}

export function connectionLimits(config: Config): ConnectionLimits {
  return {
    maxInFlight: config['connection.maxInFlight'],
    maxPipelined: config['connection.maxPipelined'],
    maxRequests: config['connection.maxRequests'],
  };
}

/** Milliseconds. */
export function connectionDeadlines(config: Config): Readonly<Record<DeadlineKind, number>> {
  return {
    firstByte: config['connection.firstByteTimeout'],
    request: config['connection.requestTimeout'],
    idle: config['connection.idleTimeout'],
  };
}

function listenerViews(
  config: Config,
  protocols: Readonly<Record<string, Protocol>>,
): ReadonlyMap<string, ListenerView> {
  const views = new Map<string, ListenerView>();
  for (const { name, protocol: spoken, permits, tls } of config.listeners) {
    const protocol = protocols[spoken];
    if (protocol)
      views.set(name, {
        protocol,
        permits: new Set(permits),
        secure: tls !== null,
        checksClients: checksClients(tls),
      });
  }
  return views;
}
