import type { Line, Order, OrderInput, Pricing, Shape } from "./Pricing";
import type {} from "./Store";
import type { Missing } from "./Pricing"; // TS2305

export const price: Pricing["price"] = (order) => order.path; // TS2322
export const misspelt: Pricing["price"] = (order) => order.orderID; // TS2551
export const mixed: Pricing["price"] = (order) => order.orderId + 1; // TS2365
export const fraction: Pricing["price"] = (order) => "1"; // TS2322
export const late: Pricing["price"] = async (order) => 1n; // TS2322
export const rename: Pricing["rename"] = (order) => ({ ...order, lines: null }); // TS2322
export const dateless: Pricing["rename"] = (order) => ({ ...order, "placed-at": "2020-01-01" }); // TS2322
export const unsealed: Pricing["rename"] = (order) => ({ ...order, seal: [1, 2] }); // TS2322
export const untagged: Pricing["rename"] = (order) => ({ ...order, tags: new Set([1]) }); // TS2322
export const reset: Pricing["reset"] = () => 1; // TS2322
export const pick: Pricing["pick"] = () => ({ kind: "Other" }); // TS2322
export const half: Pricing["pick"] = () => ({ kind: "Moved" }); // TS2322
export const answer: Pricing["answer"] = () => ({ t: "Two", c: [1] }); // TS2322
export const question: Pricing["answer"] = (given) => ({ t: "One", c: given }); // TS2322
export const count: Pricing["count"] = () => ({ a: "b" }); // TS2322
export const typed: Pricing["price"] = (order: string) => 1n; // TS2322
export const more: Pricing["price"] = (a: Order, b: number | null, c: number) => 1n; // TS2322
export const few: Pricing = { price: () => 1n, pick: () => ({ kind: "Opened" }) }; // TS2739
({ rename: 5 }) satisfies Partial<Pricing>; // TS2322

declare const given: Order, read: OrderInput, line: Line;
export const order: Order = read; // TS2322
export const lines: OrderInput = { ...given, lines: [{ name: "a", count: 1n }] }; // TS2322
export const shape: Shape = { Circle: "a" }; // TS2322
export const short: Shape = { Line: [{ x: 1, y: 1 }] }; // TS2322
read.lines.push(line); // TS2339
given.parts.get("a"); // TS2345

Store.get(); // TS2554
Store.get(1); // TS2345
Store.missing("a"); // TS2339
Store.put("a", "b"); // TS2345
Store.put("a", 1, 2); // TS2345
Store.put("a", 1, "b", "c"); // TS2554
Store.get = (key: string) => 1n; // TS2540
export const number: number | null = Store.get("a"); // TS2322
Store.tag(new Set([1])); // TS2345
Store.save([1], new Date()); // TS2345
Store.save(new Uint8Array(1), 5); // TS2345
Store.opaque({}).secret; // TS2571
console.log(Store); // TS2584
fetch("https://example.com"); // TS2304
