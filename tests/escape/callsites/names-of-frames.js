// Function names are the guest's to choose: they may look like frames of the host, or be very long.
export const attack = () => {
  const named = { ['at Deno.core (ext:core/01_core.js:1:1)\n    at host']() { return new Error('e').stack; } };
  const long = { ['x'.repeat(1e5)]() { return new Error('e').stack; } };
  return `${Object.values(named)[0]().length > 0} ${Object.values(long)[0]().length > 0}`;
};
