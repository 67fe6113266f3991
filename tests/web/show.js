// Shows what an expression gives, in node and in a guest alike.
const show = async (make) => {
  try {
    return text(await make(), new Map());
  } catch (error) {
    return `throws ${error?.name}`;
  }
};
const text = (value, seen) => {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (Object.is(value, -0)) return "-0";
  if (typeof value !== "object" || value === null) return String(value);
  if (seen.has(value)) return `#${seen.get(value)}`;
  seen.set(value, seen.size);
  const list = (items) => Array.from(items, (item) => text(item, seen)).join(",");
  if (Array.isArray(value)) return `[${list(value)}]`;
  if (value instanceof ArrayBuffer) return `ArrayBuffer(${list(new Uint8Array(value))})`;
  if (value instanceof DataView) return `DataView(${value.byteOffset},${value.byteLength})`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${list(value)})`;
  if (value instanceof Map) return `Map(${list(value)})`;
  if (value instanceof Set) return `Set(${list(value)})`;
  if (value instanceof Date) return `Date(${value.getTime()})`;
  if (value instanceof RegExp) return `RegExp(${value.source},${value.flags},${value.lastIndex})`;
  if (value instanceof Error) {
    const cause = "cause" in value ? `,${text(value.cause, seen)}` : "";
    return `${Object.prototype.toString.call(value)}(${value.name},${JSON.stringify(value.message)}${cause})`;
  }
  if (value instanceof Number || value instanceof String || value instanceof Boolean) return `wrapped ${text(value.valueOf(), seen)}`;
  return `{${Object.keys(value).map((key) => `${key}:${text(value[key], seen)}`).join(",")}}`;
};
