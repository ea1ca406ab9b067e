import type { PolicyInformation, PolicyMapping } from '../../x509/extensions.js';
import { OID } from '../../x509/oid.js';

/**
 * The valid policies of RFC 5280 §6.1 as RFC 9618 has them: a graph in place of a tree, so that its size is
 * bounded by the extensions read. Each level is one certificate; a node knows its parents a level up:
 *
 *     depth 0            anyPolicy
 *                       ╱    │    ╲
 *     depth 1         P1     P2    anyPolicy
 *                       ╲   ╱      │
 *     depth 2            P3        P4
 */
interface PolicyNode {
  readonly policy: string;
  /** expected_policy_set: what the next certificate may call this policy. */
  readonly expected: readonly string[];
  readonly parents: readonly PolicyNode[];
}

type Level = Map<string, PolicyNode>;

export class PolicyGraph {
  /** The top one is made only for a certificate that states policies: most paths have none to follow. */
  #levels: Level[] | undefined;

  /** NULL in the RFC's words: no policy is left that holds for the whole path. */
  get isEmpty(): boolean {
    return this.#levels !== undefined && (this.#levels.at(-1)?.size ?? 0) === 0;
  }

  /** The same graph, that can go on by itself. */
  copy(): PolicyGraph {
    const graph = new PolicyGraph();
    graph.#levels = this.#levels?.map((level) => new Map(level));
    return graph;
  }

  /** §6.1.3 (e): the certificate states no policies. */
  clear(): void {
    this.#levels = [];
  }

  /** §6.1.3 (d): one level more, for one certificate. `anyPolicy`: whether it counts here, by (d)(2). */
  addLevel(policies: readonly PolicyInformation[], anyPolicy: boolean): void {
    const above = this.#depths.at(-1);
    if (above === undefined || this.isEmpty) return;
    const expecting = byExpectedPolicy(above);
    const anyAbove = above.get(OID.anyPolicy);
    const level: Level = new Map();
    for (const { oid } of policies) {
      if (oid === OID.anyPolicy) continue;
      // §6.1.3 (d)(1)(i), and (ii) when nothing expects it by name
      const parents = expecting.get(oid) ?? (anyAbove === undefined ? undefined : [anyAbove]);
      if (parents !== undefined) level.set(oid, { policy: oid, expected: [oid], parents });
    }
    if (anyPolicy && policies.some(({ oid }) => oid === OID.anyPolicy)) {
      // §6.1.3 (d)(2)
      for (const [policy, parents] of expecting) {
        if (!level.has(policy)) level.set(policy, { policy, expected: [policy], parents });
      }
    }
    this.#depths.push(level);
    this.#prune();
  }

  /** §6.1.4 (b)(1): what the issuer calls one policy, its subject calls another. */
  map(mappings: readonly PolicyMapping[]): void {
    const level = this.#depths.at(-1);
    if (level === undefined) return;
    for (const [issuerPolicy, subjectPolicies] of bySubject(mappings)) {
      const node = level.get(issuerPolicy);
      if (node !== undefined) {
        level.set(issuerPolicy, { ...node, expected: subjectPolicies });
      } else if (level.has(OID.anyPolicy)) {
        const anyAbove = this.#depths.at(-2)?.get(OID.anyPolicy);
        const parents = anyAbove === undefined ? [] : [anyAbove];
        level.set(issuerPolicy, { policy: issuerPolicy, expected: subjectPolicies, parents });
      }
    }
  }

  /** §6.1.4 (b)(2): mapping is inhibited, so what would be mapped ends here. */
  removeMapped(mappings: readonly PolicyMapping[]): void {
    const level = this.#depths.at(-1);
    if (level === undefined) return;
    for (const { issuerDomainPolicy } of mappings) level.delete(issuerDomainPolicy);
    this.#prune();
  }

  /** §6.1.5 (g): the user-constrained policy set, in the trust anchor's domain. */
  constrainedBy(initialPolicies: readonly string[]): string[] {
    if (this.isEmpty) return [];
    const authority = this.#authoritySet();
    if (initialPolicies.includes(OID.anyPolicy)) return [...authority].toSorted();
    if (authority.has(OID.anyPolicy)) return [...new Set(initialPolicies)].toSorted();
    const wanted = new Set(initialPolicies);
    return [...authority].filter((policy) => wanted.has(policy)).toSorted();
  }

  /** RFC 9618: every policy whose parent is anyPolicy, and anyPolicy itself where it reaches the leaf. */
  #authoritySet(): Set<string> {
    const found = new Set<string>();
    for (const level of this.#depths) {
      for (const { policy, parents } of level.values()) {
        if (policy !== OID.anyPolicy && parents.some((parent) => parent.policy === OID.anyPolicy))
          found.add(policy);
      }
    }
    if (this.#depths.at(-1)?.has(OID.anyPolicy) === true) found.add(OID.anyPolicy);
    return found;
  }

  /** §6.1.2 (a) */
  get #depths(): Level[] {
    return (this.#levels ??= [
      new Map([[OID.anyPolicy, { policy: OID.anyPolicy, expected: [OID.anyPolicy], parents: [] }]]),
    ]);
  }

  /** §6.1.3 (d)(3): a node without children goes, and so upwards. */
  #prune(): void {
    for (let depth = this.#depths.length - 1; depth > 0; depth -= 1) {
      const used = new Set<PolicyNode>();
      for (const node of this.#depths[depth]?.values() ?? []) {
        for (const parent of node.parents) used.add(parent);
      }
      const above = this.#depths[depth - 1];
      if (above === undefined) return;
      const before = above.size;
      for (const [policy, node] of above) if (!used.has(node)) above.delete(policy);
      if (above.size === before) return;
    }
  }
}

function byExpectedPolicy(level: Level): Map<string, PolicyNode[]> {
  const expecting = new Map<string, PolicyNode[]>();
  for (const node of level.values()) {
    for (const policy of node.expected) {
      const nodes = expecting.get(policy);
      if (nodes === undefined) expecting.set(policy, [node]);
      else nodes.push(node);
    }
  }
  return expecting;
}

function bySubject(mappings: readonly PolicyMapping[]): Map<string, string[]> {
  const subjects = new Map<string, string[]>();
  for (const { issuerDomainPolicy, subjectDomainPolicy } of mappings) {
    const known = subjects.get(issuerDomainPolicy);
    if (known === undefined) subjects.set(issuerDomainPolicy, [subjectDomainPolicy]);
    else if (!known.includes(subjectDomainPolicy)) known.push(subjectDomainPolicy);
  }
  return subjects;
}
