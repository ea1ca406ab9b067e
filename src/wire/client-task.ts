/**
 * The task that verifies a TLS client's certificate: a `VerifyRequest` whose profile is the listener's name, answered as
 * by `verify`.
 */
export const CLIENT_TASK = 'client';
