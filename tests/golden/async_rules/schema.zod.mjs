// Zod schemas of the contract Orders. This file is generated: what is changed in it is lost.

import { z } from "zod";

// … the helpers of zod_helpers.js …

export const Order = struct({ sku: text(), count: integer("u32") });

/** What a guest that implements the contract is called with, and what it returns. */
export const guest = {
  /** Looks one up. */
  find: { arguments: z.tuple([text(), list(Order)]), result: nullableInput(Order) },
  /** At once. */
  count: { arguments: z.tuple([Order]), result: integer("u32") },
  /** A guest that says nothing of taxes has this one. */
  tax: { arguments: z.tuple([Order]), result: number() },
  discount: { arguments: z.tuple([integer("u32")]), result: integer("u32") },
  flush: { arguments: z.tuple([]), result: nothingInput },
};

/** What a guest calls the host with, and what the host returns. */
export const host = {
  /** Looks one up. */
  find: { arguments: z.tuple([text(), listInput(Order)]), result: nullable(Order) },
  /** At once. */
  count: { arguments: z.tuple([Order]), result: integer("u32") },
  /** A guest that says nothing of taxes has this one. */
  tax: { arguments: z.tuple([Order]), result: number() },
  discount: { arguments: z.tuple([integer("u32")]), result: integer("u32") },
  flush: { arguments: z.tuple([]), result: z.undefined() },
};
