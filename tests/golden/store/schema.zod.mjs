// Zod schemas of the contract Kv. This file is generated: do not edit it.

import { z } from "zod";

// … the helpers of zod_helpers.js …

/** A user, as the store keeps it. */
export const User = struct({
  displayName: text({ minLength: 1, maxLength: 64 }),
  age: nullable(integer("u8")),
  role: z.lazy(() => Role),
  visits: list(z.lazy(() => Visit), { maxItems: 10 }).optional(),
});

/** A user, as the store keeps it. */
export const UserInput = struct({
  displayName: text({ minLength: 1, maxLength: 64 }),
  age: nullableInput(integer("u8")).optional(),
  role: z.lazy(() => Role).optional(),
  visits: listInput(z.lazy(() => VisitInput), { maxItems: 10 }).optional(),
});

export const Role = oneOf(
  z.literal(["reader", "writer"]),
  struct({ guest: struct({ until: date }) }, { rest: z.never() }),
);

export const Visit = oneOf(
  struct({ on: z.literal("Web"), page: text() }),
  struct({ on: z.literal("Phone"), seconds: bigint("u64") }),
);

export const VisitInput = oneOf(
  struct({ on: z.literal("Web"), page: text() }),
  struct({ on: z.literal("Phone"), seconds: bigintInput("u64") }),
);

/** The arguments and the result of each method, for a guest that calls the host. */
export const host = {
  /** Reads a user. */
  getUser: { arguments: z.tuple([text()]), result: nullable(User) },
  /** Writes a user, and says whether there was one. */
  putUser: { arguments: z.tuple([text(), UserInput]), result: z.boolean() },
  blob: { arguments: z.tuple([text(), integer("u32"), bigintInput("u64")]), result: bytes() },
  /** A method with a default that hosts may keep. */
  count: { arguments: z.tuple([]), result: bigint("u64") },
};
