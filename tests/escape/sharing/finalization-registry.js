// Code that runs when the collector finds something, outside of any call.
export const attack = () => (typeof FinalizationRegistry === 'undefined' ? 'held' : `ESCAPED: ${new FinalizationRegistry(() => {})}`);
