import { tax } from './tax';

export interface Order {
  net: number;
}

export const price = (order: Order): number => {
  const total = order.net + tax(order.net);
  return total;
};
