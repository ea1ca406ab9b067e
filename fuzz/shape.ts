import type { VerifyRequest } from '../src/wire/request.js';
import type { VerdictCode } from '../src/wire/verdict.js';

/** A request made to cost as much as it can: one of these codes answers it, for less than 50 ms of CPU. */
export interface Shape {
  readonly name: string;
  /** `undefined`: any. */
  readonly codes: readonly VerdictCode[] | undefined;
  /** CPU milliseconds; default 50. */
  readonly milliseconds?: number;
  readonly request: () => VerifyRequest;
}

export const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

export const ask = (
  certificates: readonly Uint8Array[],
  anchors: readonly Uint8Array[],
  rest: Partial<VerifyRequest> = {},
): VerifyRequest => ({
  certificates,
  anchors,
  crls: [],
  revocation: 'off',
  ...rest,
});
