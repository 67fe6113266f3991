/** @import { Pricing } from "./Pricing" */
/// <reference path="./Store.d.ts" />

/** @type {Pricing["price"]} */
export const price = (order) => order.orderId + 1; // TS2365

/** @type {Pricing["pick"]} */
export const pick = (shape) => shape.missing; // TS2339

/** @type {Pricing["rename"]} */
export const rename = (order) => (Store.put(order), order); // TS2554
