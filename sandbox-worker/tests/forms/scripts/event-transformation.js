export function transformEvent(event, metadata) {
  const allowlist = ["Order Completed", "Order Refunded"];
  if (!allowlist.includes(event.event)) return;
  event.sourceId = metadata(event).sourceId;
  return event;
}
