// A callback of the collector runs after the call has returned, when no limit of time is looked at.
// says: held ReferenceError undefined
export const attack = () => {
  const name = $name(() => { new FinalizationRegistry(() => {}).register({}, 1); });
  return name === 'ran' ? 'ESCAPED: a callback of the collector' : `held ${name} ${typeof FinalizationRegistry}`;
};
