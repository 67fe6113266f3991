import type { Later } from "./Later";

export const find: Later["find"] = async (key) => {
  const found: number | null = await Later.find(key);
  const count: number = Later.count([key]);
  const nothing: void = await Later.reset();
  return nothing === undefined ? (found ?? count) : undefined;
};
export const at_once: Later["find"] = (key) => key.length;
export const chained: Later["find"] = (key) => Later.find(key).then((found) => found);
export const reset: Later["reset"] = async () => {};
export const reset_at_once: Later["reset"] = () => null;
export default { find, reset, count: (keys) => keys.length } satisfies Later;

export const wrong: Later["find"] = async (key) => key; // TS2322
export const wrong_at_once: Later["find"] = (key) => key; // TS2322
export const count: Later["count"] = async (keys) => keys.length; // TS2322
export const waits: Later["count"] = () => Later.reset(); // TS2322
export const unawaited: number | null = Later.find("a"); // TS2322
Later.find("a").toFixed(); // TS2339
