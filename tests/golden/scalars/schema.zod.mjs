// Zod schemas of the contract MathApi. This file is generated: do not edit it.

import { z } from "zod";

// … the helpers of zod_helpers.js …

/** The arguments and the result of each method, for a guest that implements the contract. */
export const guest = {
  /** The sum. */
  add: { arguments: z.tuple([number(), number()]), result: number() },
  isEven: { arguments: z.tuple([integer("i32")]), result: z.boolean() },
  reset: { arguments: z.tuple([]), result: nothingInput },
};

/** The arguments and the result of each method, for a guest that calls the host. */
export const host = {
  /** The sum. */
  add: { arguments: z.tuple([number(), number()]), result: number() },
  isEven: { arguments: z.tuple([integer("i32")]), result: z.boolean() },
  reset: { arguments: z.tuple([]), result: z.undefined() },
};
