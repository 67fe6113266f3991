// Getters of an argument run once each; a host that reads twice could check one value and use another.
export const attack = () => {
  let id = 0, reads = 0;
  const order = Tool.order({ get id() { reads++; return id++; }, get lines() { reads++; return [{ get amount() { reads++; return 1; } }]; } });
  return reads > 3 ? `ESCAPED: read ${reads} times` : `${order.id}`;
};
