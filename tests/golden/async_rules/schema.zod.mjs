// Zod schemas of the contract Orders. This file is generated: do not edit it.

import { z } from "zod";

// … the helpers of zod_helpers.js …

export const Order = struct({ sku: text(), count: integer("u32") });

/** The arguments and the result of each method, for a guest that implements the contract. */
export const guest = {
  /** Looks one up. */
  find: { arguments: z.tuple([text(), list(Order)]), result: nullableInput(Order) },
  /** At once. */
  count: { arguments: z.tuple([Order]), result: integer("u32") },
  /** A guest that says nothing of taxes has this one. */
  tax: { arguments: z.tuple([Order]), result: number() },
  discount: { arguments: z.tuple([integer("u32")]), result: integer("u32") },
  flush: { arguments: z.tuple([]), result: nothingInput },
  /** Until its caller ends it. */
  watch: { arguments: z.tuple([text()]), result: nothingInput },
};

/** The arguments and the result of each method, for a guest that calls the host. */
export const host = {
  /** Looks one up. */
  find: { arguments: z.tuple([text(), listInput(Order)]), result: nullable(Order) },
  /** At once. */
  count: { arguments: z.tuple([Order]), result: integer("u32") },
  /** A guest that says nothing of taxes has this one. */
  tax: { arguments: z.tuple([Order]), result: number() },
  discount: { arguments: z.tuple([integer("u32")]), result: integer("u32") },
  flush: { arguments: z.tuple([]), result: z.undefined() },
  /** Until its caller ends it. */
  watch: { arguments: z.tuple([text()]), result: z.undefined() },
};
