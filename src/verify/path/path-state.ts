import type { Profile } from '../profiles.js';
import type { PolicyInputs } from '../../wire/request.js';
import type { Signatures } from '../keys/signatures.js';
import type { Budget } from '../budget.js';
import type { Trace } from '../trace.js';
import type { CaKey } from '../keys/ca-key.js';
import type { CertificationPath } from '../certification-path.js';
import type { PolicyGraph } from './policy-graph.js';
import type { NameConstraintState } from '../names/name-constraints.js';
import type { Name } from '../../x509/name.js';

/** No demands on policies: §6.1.1 (c), (e), (f), (g) as they are without any. */
export const NO_POLICY: PolicyInputs = {};

/** The inputs of path validation: §6.1.1. */
export interface ValidationInputs {
  /** ms, whole seconds. §6.1.1 (b) */
  readonly time: number;
  readonly profile: Profile;
  /** The OID of the key purpose the leaf must serve. */
  readonly purpose: string | undefined;
  /** §6.1.1 (c), §6.1.1 (e), §6.1.1 (f), §6.1.1 (g) */
  readonly policy: PolicyInputs;
  readonly signatures: Signatures;
  readonly budget: Budget;
  readonly trace: Trace | undefined;
}

/** The result of the steps above the leaf. The leaves of one issuer share it, so it must not be changed. */
export interface Authorities {
  /** As it is for the leaf, after §6.1.4. */
  readonly state: Readonly<State>;
  readonly issuerKeys: readonly CaKey[];
}

/** A path that holds, but for revocation: the outputs of §6.1.6. */
export interface ValidatedPath {
  readonly path: CertificationPath;
  /** The key that signed each certificate of the path, leaf first. */
  readonly issuerKeys: readonly CaKey[];
  /** The user-constrained policy set. */
  readonly policies: readonly string[];
}

/** §6.1.2: the variables of the algorithm, but those that a certificate's own loop keeps. */
export interface State {
  readonly graph: PolicyGraph;
  readonly names: NameConstraintState;
  explicitPolicy: number;
  inhibitAnyPolicy: number;
  policyMapping: number;
  workingKey: CaKey;
  workingIssuer: Name;
  maxPathLength: number;
}
