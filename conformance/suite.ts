import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { BaseProfile } from '../src/config/config.js';
import type { RevocationMode } from '../src/revocation-mode.js';
import type { Rule } from '../src/verify/profiles.js';

/** A suite file and its cases, in the format that the conformance data's own README describes. */
export interface Suite {
  /** The file's name without `.json`. */
  readonly name: string;
  /** The first half of the file's SHA-256, hex. */
  readonly digest: string;
  readonly cases: readonly Case[];
}

export interface Case {
  readonly id: string;
  /** ISO 8601; `null`: now. */
  readonly time: string | null;
  /** Base64 DER, as the four that follow. */
  readonly trustAnchors: readonly string[];
  readonly intermediates: readonly string[];
  readonly leaf: string;
  readonly crls: readonly string[];
  /** OCSP responses. */
  readonly ocsp?: readonly string[];
  readonly expected: 'valid' | 'invalid';
  readonly params: CaseParameters;
}

interface CaseParameters {
  readonly initialExplicitPolicy?: boolean;
  readonly initialPolicyMappingInhibit?: boolean;
  readonly initialInhibitAnyPolicy?: boolean;
  readonly userInitialPolicySet?: readonly string[];
  readonly expectedUserConstrainedPolicySet?: readonly string[];
  readonly checkRevocation?: 'all' | 'leaf' | 'all-with-supplied-crls';
  readonly expectedRevocation?: ExpectedRevocation;
  readonly eku?: readonly string[];
  readonly peerName?: PeerNameParameter;
  readonly peerNames?: readonly PeerNameParameter[];
  readonly maxDepth?: number;
  readonly maxCrlAgeSeconds?: number;
  /** `true`: the leaf. */
  readonly parseOnly?: boolean | 'crl';
  readonly unitLevel?: boolean;
  readonly keyUsage?: readonly string[];
  readonly soft?: boolean;
  readonly digestPolicy?: string;
  readonly rfc5280Plain?: boolean;
  /** In place of the suite's own base profile. */
  readonly profile?: BaseProfile;
  /** Wanted beside the profile's own. */
  readonly rules?: readonly Rule[];
  readonly mode?: RevocationMode;
}

/**
 * For the logic of revocation alone one of the first three. For a whole path: `good` is valid, `revoked` is REVOKED,
 * `unknown` neither of them, `not good` all but valid, and `good-or-revoked` all but unknown.
 */
export type ExpectedRevocation = 'good' | 'revoked' | 'unknown' | 'not good' | 'good-or-revoked';

export interface PeerNameParameter {
  readonly kind: 'dns' | 'ip' | 'rfc822';
  readonly value: string;
}

export function readSuite(file: string): Suite {
  const text = readFileSync(file);
  const content: unknown = JSON.parse(text.toString('utf8'));
  if (!isSuite(content)) throw new Error(`${file} is no suite: it has no list of cases`);
  return {
    name: basename(file, '.json'),
    digest: hash('sha256', text, 'hex').slice(0, 32),
    cases: content.cases,
  };
}

/** The cases' own shape is the data's promise; a case that breaks it fails by itself. */
function isSuite(content: unknown): content is { readonly cases: readonly Case[] } {
  return (
    typeof content === 'object' && content !== null && 'cases' in content && Array.isArray(content.cases)
  );
}
