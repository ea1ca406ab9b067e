import type { RequestLimits } from '../wire/protocol.js';
import type { PolicyInputs, VerifyRequest } from '../wire/request.js';
import { Scanner } from './msgpack-scanner.js';
import { notPermitted, RequestError } from './request-error.js';

interface Bounds {
  readonly limits: RequestLimits;
  readonly permits: ReadonlySet<string>;
}

type Shape = 'certificates' | 'evidence' | 'anchors' | 'text' | 'texts' | 'number' | 'policy';

interface Field {
  readonly name: string;
  /** The name of one of its items in errors. */
  readonly item: string;
  readonly shape: Shape;
  /** The permission that it needs. */
  readonly permission: string | undefined;
}

/** Every field of a `VerifyRequest`, as a client may send it. */
const SHAPES: Readonly<Record<keyof VerifyRequest, { readonly shape: Shape; readonly permission?: string }>> =
  {
    certificates: { shape: 'certificates' },
    crls: { shape: 'evidence' },
    ocsp: { shape: 'evidence' },
    anchors: { shape: 'anchors', permission: 'anchors' },
    profile: { shape: 'text', permission: 'profiles' },
    purpose: { shape: 'text' },
    hosts: { shape: 'texts' },
    ips: { shape: 'texts' },
    emails: { shape: 'texts' },
    at: { shape: 'number', permission: 'at' },
    revocation: { shape: 'text', permission: 'revocation' },
    policy: { shape: 'policy' },
  };
const FIELDS: readonly Field[] = Object.entries(SHAPES).map(([name, { shape, permission }]) => ({
  name,
  item: `an item of ${name}`,
  shape,
  permission,
}));
const PERMISSIONS = [...new Set(['crls', ...FIELDS.flatMap(({ permission = [] }) => permission)])];
const POLICY_FIELDS: readonly (keyof PolicyInputs)[] = [
  'initial',
  'inhibitMapping',
  'explicit',
  'inhibitAny',
];

const PLACES = new Map(FIELDS.map(({ name }, place) => [name, place]));
/** Octets; longer than the name of any field. */
const LONGEST_KEY = 40;
/** The most names of one kind, and the most policies. */
const MAX_TEXTS = 1024;

/**
 * Checks the body of a VERIFY, which goes to a task thread unchanged: every field must be known, given once, of its
 * type, within its limits and permitted. After this check decoding is safe, and nothing that a client asked for is
 * ignored. Throws `RequestError`.
 */
export function checkVerifyBody(body: Buffer, bounds: Bounds): void {
  const scanner = new Scanner(body);
  const count = countOfFields(scanner, 'the body', FIELDS.length);
  let seen = 0;
  let certificates = 0;
  let anchors = 0;
  let evidence = 0;
  for (let pair = 0; pair < count; pair++) {
    const key = scanner.key('the name of a field', LONGEST_KEY);
    const place = PLACES.get(key);
    const field = place === undefined ? undefined : FIELDS[place];
    if (place === undefined || !field) throw unknown(key, [...PLACES.keys()]);
    const bit = 1 << place;
    if ((seen & bit) !== 0) throw twice(key);
    seen |= bit;
    if (scanner.nil()) continue;
    if (field.permission !== undefined && !bounds.permits.has(field.permission)) {
      throw notPermitted(`the field ${key}`, field.permission);
    }
    const items = passOver(scanner, field, bounds);
    if (field.shape === 'certificates') certificates = items;
    else if (field.shape === 'anchors') anchors = items;
    else if (field.shape === 'evidence') evidence += items;
  }
  scanner.end();
  if (certificates === 0) throw new RequestError('NO_CERTIFICATE', 'the request holds no certificate');
  if (certificates + anchors > bounds.limits.maxCertificates) throw tooManyCertificates(bounds.limits);
  if (evidence > bounds.limits.maxCrls) throw tooMuchEvidence(bounds.limits);
}

/**
 * The permissions of a listener that a body's check depends on, in one number; never 0, the scope of other protocols.
 */
export function scopeOf(permits: ReadonlySet<string>): number {
  return PERMISSIONS.reduce((scope, permission) => 2 * scope + Number(permits.has(permission)), 1);
}

/** The number of items of a list; 0 if it is not a list. */
function passOver(scanner: Scanner, { name, item, shape }: Field, { limits, permits }: Bounds): number {
  switch (shape) {
    case 'text':
      scanner.text(name);
      return 0;
    case 'number':
      scanner.number(name);
      return 0;
    case 'texts':
      return passTexts(scanner, name, item);
    case 'policy':
      passPolicy(scanner);
      return 0;
    case 'evidence': {
      const count = scanner.array(name);
      if (count > 0 && !permits.has('crls'))
        throw notPermitted('CRLs or OCSP responses in a request', 'crls');
      if (count > limits.maxCrls) throw tooMuchEvidence(limits);
      return passBytes(scanner, item, count);
    }
    default: {
      const count = scanner.array(name);
      if (count > limits.maxCertificates) throw tooManyCertificates(limits);
      return passBytes(scanner, item, count);
    }
  }
}

function passBytes(scanner: Scanner, item: string, count: number): number {
  for (let n = 0; n < count; n++) scanner.bytes(item);
  return count;
}

function passTexts(scanner: Scanner, name: string, item: string): number {
  const count = scanner.array(name);
  if (count > MAX_TEXTS) throw new RequestError('BAD_ARGUMENT', `${name} holds at most ${MAX_TEXTS} items`);
  for (let n = 0; n < count; n++) scanner.text(item);
  return count;
}

function passPolicy(scanner: Scanner): void {
  const count = countOfFields(scanner, 'policy', POLICY_FIELDS.length);
  const seen = new Set<string>();
  for (let pair = 0; pair < count; pair++) {
    const key = scanner.key('the name of a field of policy', LONGEST_KEY);
    if (!POLICY_FIELDS.some((name) => name === key)) throw unknown(key, POLICY_FIELDS);
    if (seen.has(key)) throw twice(key);
    seen.add(key);
    if (scanner.nil()) continue;
    if (key === 'initial') passTexts(scanner, 'policy.initial', 'an item of policy.initial');
    else scanner.boolean(`policy.${key}`);
  }
}

function countOfFields(scanner: Scanner, what: string, most: number): number {
  const count = scanner.map(what);
  if (count > most) throw new RequestError('BAD_BODY', `${what} has ${count} fields, and there are ${most}`);
  return count;
}

/** An ignored field would be a request that is not fulfilled. */
function unknown(key: string, known: readonly string[]): RequestError {
  const shown = key.replaceAll(/[^\x20-\x7e]/g, '?');
  return new RequestError('BAD_ARGUMENT', `"${shown}" is not a field; the fields are ${known.join(' ')}`);
}

function twice(key: string): RequestError {
  return new RequestError('BAD_ARGUMENT', `the field ${key} is given twice`);
}

function tooManyCertificates({ maxCertificates }: RequestLimits): RequestError {
  return new RequestError('TOO_MANY_CERTIFICATES', `a request holds at most ${maxCertificates} certificates`);
}

function tooMuchEvidence({ maxCrls }: RequestLimits): RequestError {
  return new RequestError('TOO_MANY_CRLS', `a request holds at most ${maxCrls} CRLs and OCSP responses`);
}
