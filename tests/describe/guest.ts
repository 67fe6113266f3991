import type { Order, OrderInput, Pricing } from "./Pricing";
import type {} from "./Store";

const price: Pricing["price"] = (order, quality) => {
  const id: bigint = order.orderId;
  const note: string | null = order.note;
  const urgent: boolean = order.urgent;
  const discount: number = order.discount ?? 0;
  const placed: number = order["placed-at"].getTime();
  const part: bigint | undefined = order.parts.get(7);
  const first: number | undefined = order.seal[0];
  order.lines.push({ name: [...order.tags].join(), count: quality ?? order.lines.length });
  Store.put("number", 1);
  Store.put("bigint", 2n, undefined);
  Store.put("id", id, null);
  const nothing: void = Store.put("note", id, `${note} ${urgent} ${discount} ${placed} ${part} ${first}`);
  const stored: bigint | null = Store.get("a");
  const tagged: Map<bigint, string> = Store.tag(new Set(["x"]));
  Store.tag(["y"] as const);
  const counts: { [key: string]: number } = Store.save(new Uint8Array([3]), new Date(4));
  Store.save(new ArrayBuffer(1), new Date(5));
  Store.save(new DataView(new ArrayBuffer(1)), new Date(6));
  const any: unknown = Store.anything({ a: [null, 1, "b"] });
  const opaque: unknown = Store.opaque({ secret: 8 });
  return nothing === undefined && any && opaque ? (stored ?? 0n) + BigInt(tagged.size + (counts["3"] ?? 0)) : 1;
};

const line = Object.freeze({ name: "b", count: 2 });
const lines: readonly OrderInput["lines"][number][] = [line];

export default {
  price,
  rename(order: Order, path): OrderInput {
    if (order.urgent) return { ...order, path };
    return {
      orderId: 9, path, lines, "placed-at": order["placed-at"], seal: new DataView(order.seal.buffer, 1),
      tags: [...order.tags, "new"], parts: { 1: 2, 3: 4n }, note: undefined,
    };
  },
  pick(shape) {
    if (shape === "Empty") return { kind: "Opened" };
    if ("Line" in shape) return { kind: "Moved", to: shape.Line[1] };
    if ("Rect" in shape) return { kind: "Changed", name: "rect", count: shape.Rect.width + shape.Rect.height };
    return { kind: "Moved", to: { x: shape.Circle, y: 0 } };
  },
  answer(question) {
    if (typeof question === "number") return { t: "One", c: question + 1 };
    if (typeof question === "string") return { t: "Two", c: [question.length, question] };
    return question.deep ? { t: "Named", c: { big: 2n ** 64n - 1n } } : { t: "Nothing" };
  },
  count: (parts, tags) => new Map([...parts].map(([key, value]) => [`${key}`, value + BigInt(tags.size)])),
  reset() {},
} satisfies Pricing;

export const reset: Pricing["reset"] = () => null;
