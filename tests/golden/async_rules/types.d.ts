// The types of the contract Orders. This file is generated: do not edit it.

export interface Order {
  sku: string;
  /** integer, 0 to 4294967295 (u32) */
  count: number;
}

declare global {
  /** Tells a call that it is to end. Where the library of the DOM is known too, this is the type of the DOM. */
  interface AbortSignal {
    readonly aborted: boolean;
    readonly reason: any;
    throwIfAborted(): void;
    addEventListener(type: "abort", listener: (event: any) => any): void;
    removeEventListener(type: "abort", listener: (event: any) => any): void;
  }
  var AbortSignal: typeof globalThis extends { onmessage: any; AbortSignal: infer T } ? T : {
    prototype: AbortSignal;
    abort(reason?: any): AbortSignal;
    any(signals: Iterable<AbortSignal>): AbortSignal;
  };

  /** Makes a signal, and aborts it. */
  interface AbortController {
    readonly signal: AbortSignal;
    abort(reason?: any): void;
  }
  var AbortController: typeof globalThis extends { onmessage: any; AbortController: infer T } ? T : {
    prototype: AbortController;
    new(): AbortController;
  };
}

/**
 * Orders, which take their time.
 *
 * A guest is a module that exports the methods. In TypeScript:
 * ```ts
 * import type { Orders } from "./Orders";
 * export const find: Orders["find"] = (sku, among) => { … };
 * // or all in one:
 * export default { find(sku, among) { … } } satisfies Orders;
 * ```
 * In JavaScript, for an editor that checks it:
 * ```js
 * /** @type {import("./Orders").Orders["find"]} *\/
 * export const find = (sku, among) => { … };
 * ```
 */
export interface Orders {
  /** Looks one up. */
  find(sku: string, among: Order[]): Order | null | undefined | Promise<Order | null | undefined>;
  /**
   * At once.
   * @returns integer, 0 to 4294967295 (u32)
   */
  count(order: Order): number;
  /** A guest that says nothing of taxes has this one. */
  tax?(order: Order): number | Promise<number>;
  /**
   * @param count - integer, 0 to 4294967295 (u32)
   * @returns integer, 0 to 4294967295 (u32)
   */
  discount(count: number): number | Promise<number>;
  flush(): void | null | Promise<void | null>;
  /** Until its caller ends it. */
  watch(sku: string, signal: AbortSignal): void | null | Promise<void | null>;
}

/**
 * Orders, which take their time.
 *
 * The host implements this interface as the global `Orders`.
 */
export interface OrdersHost {
  /** Looks one up. */
  readonly find: (sku: string, among: readonly Order[]) => Promise<Order | null>;
  /**
   * At once.
   * @returns integer, 0 to 4294967295 (u32)
   */
  readonly count: (order: Order) => number;
  /** A guest that says nothing of taxes has this one. */
  readonly tax: (order: Order) => Promise<number>;
  /**
   * @param count - integer, 0 to 4294967295 (u32)
   * @returns integer, 0 to 4294967295 (u32)
   */
  readonly discount: (count: number) => Promise<number>;
  readonly flush: () => Promise<void>;
  /** Until its caller ends it. */
  readonly watch: (sku: string, signal?: AbortSignal) => Promise<void>;
}

declare global {
  /** Orders, which take their time. */
  const Orders: OrdersHost;
}
