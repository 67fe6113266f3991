// Zod schemas of the contract MathApi. This file is generated: what is changed in it is lost.

import { z } from "zod";

// … the helpers of zod_helpers.js …

/** What a guest that implements the contract is called with, and what it returns. */
export const guest = {
  /** The sum. */
  add: { arguments: z.tuple([number(), number()]), result: number() },
  isEven: { arguments: z.tuple([integer("i32")]), result: z.boolean() },
  reset: { arguments: z.tuple([]), result: nothingInput },
};

/** What a guest calls the host with, and what the host returns. */
export const host = {
  /** The sum. */
  add: { arguments: z.tuple([number(), number()]), result: number() },
  isEven: { arguments: z.tuple([integer("i32")]), result: z.boolean() },
  reset: { arguments: z.tuple([]), result: z.undefined() },
};
