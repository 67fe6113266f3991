// The default object is a Proxy: the host asks it for its members, with itself as the receiver.
const seen = [];
export default new Proxy({ attack: () => $all([...seen], 'asked') }, { get(target, key, receiver) { seen.push(receiver); return target[key]; }, has(_, key) { seen.push(key); return true; }, getOwnPropertyDescriptor(target, key) { return Reflect.getOwnPropertyDescriptor(target, key); } });
