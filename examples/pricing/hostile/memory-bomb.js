// Takes memory in small steps and lets go of none.
const hoard = [];

export function price(usage) {
  for (;;) {
    hoard.push(new Array(1024).fill({ metric: usage.metric, size: hoard.length }));
  }
}
