// The types of the contract MathApi. This file is generated: do not edit it.

/**
 * Arithmetic.
 *
 * A guest is a module that exports the methods. In TypeScript:
 * ```ts
 * import type { MathApi } from "./MathApi";
 * export const add: MathApi["add"] = (a, b) => { … };
 * // or all in one:
 * export default { add(a, b) { … } } satisfies MathApi;
 * ```
 * In JavaScript, for an editor that checks it:
 * ```js
 * /** @type {import("./MathApi").MathApi["add"]} *\/
 * export const add = (a, b) => { … };
 * ```
 */
export interface MathApi {
  /** The sum. */
  add(a: number, b: number): number;
  /** @param n - integer, -2147483648 to 2147483647 (i32) */
  isEven(n: number): boolean;
  reset(): void | null;
}

/**
 * Arithmetic.
 *
 * The host implements this interface as the global `MathApi`.
 */
export interface MathApiHost {
  /** The sum. */
  readonly add: (a: number, b: number) => number;
  /** @param n - integer, -2147483648 to 2147483647 (i32) */
  readonly isEven: (n: number) => boolean;
  readonly reset: () => void;
}

declare global {
  /** Arithmetic. */
  const MathApi: MathApiHost;
}
