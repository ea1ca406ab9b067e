import type { GeneralName } from '../../x509/general-name.js';
import { nameDifference } from '../../x509/name-difference.js';
import { formatName } from '../../x509/name.js';
import type { ConstrainedName } from './constrained-names.js';

/** Bases that a message is looked for among. */
const MAX_ALIKE = 32;

/** The difference between a directory name and a base that it seems to lie within; '' if there is none. */
export function differenceOf(name: ConstrainedName, bases: readonly GeneralName[]): string {
  if (name.kind !== 'dn') return '';
  for (const base of bases.slice(0, MAX_ALIKE)) {
    const length = base.kind === 'dn' ? base.name.rdnKeys.length : undefined;
    const difference = base.kind === 'dn' ? nameDifference(name.name, base.name, length) : undefined;
    if (difference !== undefined) return ` (${difference})`;
  }
  return '';
}

/** For people; long names are cut. */
export function textOf(name: ConstrainedName): string {
  switch (name.kind) {
    case 'dn':
      return formatName(name.name).slice(0, 100);
    case 'ip':
      return Buffer.from(name.bytes).toString('hex');
    case 'dns':
    case 'rfc822':
    case 'uri':
      return JSON.stringify(name.value.slice(0, 100)).slice(1, -1);
    default:
      return Buffer.from(name.der).subarray(0, 50).toString('hex');
  }
}
