// The types of the contract Kv. This file is generated: do not edit it.

/** A user, as the store keeps it. */
export interface User {
  /**
   * How the user is called.
   * @minLength 1
   * @maxLength 64
   */
  displayName: string;
  /** integer, 0 to 255 (u8) */
  age: number | null;
  /**
   * What the user may do; nobody may do more than read until it is said.
   * @default reader
   */
  role: Role;
  /**
   * The last visits, the newest first.
   * @maxItems 10
   */
  visits?: Visit[];
}

/** A user, as the store keeps it. */
export interface UserInput {
  /**
   * How the user is called.
   * @minLength 1
   * @maxLength 64
   */
  displayName: string;
  /** integer, 0 to 255 (u8) */
  age?: number | null;
  /**
   * What the user may do; nobody may do more than read until it is said.
   * @default reader
   */
  role?: Role;
  /**
   * The last visits, the newest first.
   * @maxItems 10
   */
  visits?: readonly VisitInput[];
}

export type Role =
  | "reader"
  | "writer"
  /** Writes, until the day. */
  | { guest: { until: Date } };

export type Visit =
  | { on: "Web"; page: string }
  | {
    on: "Phone";
    /** integer, 0 to 2^64 - 1 (u64) */
    seconds: bigint;
  };

export type VisitInput =
  | { on: "Web"; page: string }
  | {
    on: "Phone";
    /** integer, 0 to 2^64 - 1 (u64) */
    seconds: bigint | number;
  };

/**
 * A key-value store.
 *
 * Keys are case-sensitive.
 *
 * The host implements this interface as the global `Kv`.
 */
export interface KvHost {
  /** Reads a user. */
  readonly getUser: (key: string) => User | null;
  /** Writes a user, and says whether there was one. */
  readonly putUser: (key: string, user: UserInput) => boolean;
  /**
   * @param offset - integer, 0 to 4294967295 (u32)
   * @param limit - integer, 0 to 2^64 - 1 (u64)
   */
  readonly blob: (key: string, offset: number, limit: bigint | number) => Uint8Array;
  /**
   * A method with a default that hosts may keep.
   * @returns integer, 0 to 2^64 - 1 (u64)
   */
  readonly count: () => bigint;
}

declare global {
  /**
   * A key-value store.
   *
   * Keys are case-sensitive.
   */
  const Kv: KvHost;
}
