// The types of the contract Rule. This file is generated: do not edit it.

export interface Item {
  /** integer, 0 to 4294967295 (u32) */
  count: number;
  unit: string | null;
}

export interface ItemInput {
  /** integer, 0 to 4294967295 (u32) */
  count: number;
  unit?: string | null;
}

/**
 * Prices usage.
 *
 * A guest is a module that exports the methods. In TypeScript:
 * ```ts
 * import type { Rule } from "./Rule";
 * export const net: Rule["net"] = (quantity) => { … };
 * // or all in one:
 * export default { net(quantity) { … } } satisfies Rule;
 * ```
 * In JavaScript, for an editor that checks it:
 * ```js
 * /** @type {import("./Rule").Rule["net"]} *\/
 * export const net = (quantity) => { … };
 * ```
 */
export interface Rule {
  /**
   * The price without tax.
   * @param quantity - integer, 0 to 4294967295 (u32)
   * @returns minimum 0
   */
  net(quantity: number): number;
  /** A guest that says nothing of taxes has this one. */
  taxRate?(country: string): number;
  /**
   * Optional too; calls what the guest exports.
   * @param quantity - integer, 0 to 4294967295 (u32)
   */
  gross?(quantity: number, country: string): number;
  label(): string;
  /** What was sold most, of what is described and what is not. */
  best(sold: { [key: string]: Item }, note: unknown): ItemInput | null | undefined;
  /**
   * @param discount - integer, 0 to 255 (u8); maximum 100
   * @returns integer, 0 to 255 (u8)
   */
  percent(discount: number): number;
  assertSane(): void | null;
}
