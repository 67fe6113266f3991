// Reaches for the file system.
import fs from "node:fs";

export function price() {
  const amount = fs.readFileSync("/etc/passwd").length;
  return { amount, currency: "USD", lines: [] };
}
