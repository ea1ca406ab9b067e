import type { Options, PositionalOptions } from 'yargs';
import { REVOCATION_MODES } from '../../revocation-mode.js';
import { CONFIG_FLAG, optionFlags } from '../flags.js';

const file = (
  describe: string,
): { type: 'array'; string: true; requiresArg: true; nargs: 1; describe: string } => ({
  type: 'array',
  string: true,
  requiresArg: true,
  nargs: 1,
  describe,
});

/** The certificates in question, for `verify` and `explain` alike. */
export const FILES: Readonly<Record<string, PositionalOptions>> = {
  files: {
    type: 'string',
    describe:
      'PEM (the first certificate is the leaf; others, CRLs and OCSP responses help) or DER; - is standard input',
  },
};

/** The flags of the request and of the configuration. */
export const REQUEST_FLAGS = {
  untrusted: file('Further certificates to build paths from (repeatable)'),
  anchor: file('Trust anchors instead of the configured ones (repeatable)'),
  crl: file('CRLs, PEM or DER (repeatable)'),
  ocsp: file('OCSP responses, as a server staples them, PEM or DER (repeatable)'),
  profile: { type: 'string', requiresArg: true, describe: 'A profile of the configuration' },
  purpose: { type: 'string', requiresArg: true, describe: 'A key purpose (serverAuth, …) or a dotted OID' },
  host: file('A DNS name that the leaf must have (repeatable: all of them)'),
  ip: file('An IP address that the leaf must have (repeatable)'),
  email: file('A mail address that the leaf must have (repeatable)'),
  at: {
    type: 'string',
    requiresArg: true,
    describe: 'A past instant to verify at: 2026-03-31T12:00:00Z or 2026-03-31',
  },
  revocation: {
    type: 'string',
    requiresArg: true,
    choices: REVOCATION_MODES,
    describe: 'Revocation mode, instead of the profile’s',
  },
  ...CONFIG_FLAG,
  ...optionFlags([
    'trust.anchors',
    'trust.brokenAnchors',
    'trust.leaf',
    'data.directory',
    'crl.directory',
    'crl.grace',
    'profile.default',
    'profile.revocation',
  ]),
} as const satisfies Record<string, Options>;
