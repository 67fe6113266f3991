/** @import { Pricing } from "./Pricing" */
/// <reference path="./Store.d.ts" />

/** @type {Pricing["price"]} */
export const price = (order, quality) => {
  order.lines.push({ name: [...order.tags].join(), count: quality ?? order.lines.length });
  Store.put("number", 1);
  Store.put("bigint", 2n, undefined);
  Store.put("id", order.orderId, null);
  const { note, urgent, discount = 0, parts, seal } = order;
  Store.put("note", order.orderId, `${note} ${urgent} ${discount} ${order["placed-at"].getTime()} ${parts.get(7)} ${seal[0]}`);
  const counts = Store.save(new Uint8Array([3]), new Date(4));
  Store.save(new ArrayBuffer(1), new Date(5));
  Store.save(new DataView(new ArrayBuffer(1)), new Date(6));
  return (Store.get("a") ?? 0n) + BigInt(Store.tag(["x"]).size + (counts["3"] ?? 0));
};

/** @type {Pricing["rename"]} */
export const rename = (order, path) => {
  if (order.urgent) return { ...order, path };
  const seal = order.seal.subarray(1);
  return { orderId: 9, path, lines: [{ name: "b", count: 2 }], "placed-at": order["placed-at"], seal, tags: new Set([...order.tags, "new"]), parts: new Map([[1, 2], [3, 4]]) };
};

/** @type {Pricing["pick"]} */
export const pick = (shape) => {
  if (shape === "Empty") return { kind: "Opened" };
  if ("Line" in shape) return { kind: "Moved", to: shape.Line[1] };
  if ("Rect" in shape) return { kind: "Changed", name: "rect", count: shape.Rect.width + shape.Rect.height };
  return { kind: "Moved", to: { x: shape.Circle, y: 0 } };
};

/** @type {Pricing["answer"]} */
export function answer(question) {
  if (typeof question === "number") return { t: "One", c: question + 1 };
  if (typeof question === "string") return { t: "Two", c: [question.length, question] };
  return question.deep ? { t: "Named", c: { big: 2n ** 64n - 1n } } : { t: "Nothing" };
}

/** @type {Pricing["count"]} */
export const count = (parts, tags) =>
  Object.fromEntries([...parts].map(([key, value]) => [key, value + BigInt(tags.size)]));
