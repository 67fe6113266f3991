// Zod schemas of the contract Rule. This file is generated: do not edit it.

import { z } from "zod";

// … the helpers of zod_helpers.js …

export const Item = struct({ count: integer("u32"), unit: nullable(text()) }, { rest: z.never() });

export const ItemInput = struct(
  { count: integer("u32"), unit: nullableInput(text()).optional() },
  { rest: z.never() },
);

/** The arguments and the result of each method, for a guest that implements the contract. */
export const guest = {
  /** The price without tax. */
  net: { arguments: z.tuple([integer("u32")]), result: number({ minimum: 0 }) },
  /** A guest that says nothing of taxes has this one. */
  taxRate: { arguments: z.tuple([text()]), result: number() },
  /** Optional too; calls what the guest exports. */
  gross: { arguments: z.tuple([integer("u32"), text()]), result: number() },
  label: { arguments: z.tuple([]), result: text() },
  /** What was sold most, of what is described and what is not. */
  best: { arguments: z.tuple([record({ rest: Item }), data]), result: nullableInput(ItemInput) },
  percent: { arguments: z.tuple([integer("u8", { maximum: 100 })]), result: integer("u8") },
  assertSane: { arguments: z.tuple([]), result: nothingInput },
};
