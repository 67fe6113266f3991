// The hidden constructors of generators, async functions and async generators.
export const attack = () => $all([function* () {}, async () => {}, async function* () {}, (function* () {})(), (async function* () {})(), (async () => {})()], 'hidden constructor');
