// A getter shrinks the buffer below a view that is read next: nothing beyond its end may cross.
export const attack = () => {
  const buffer = new ArrayBuffer(4096, { maxByteLength: 8192 }), view = new Uint8Array(buffer), numbers = new Float64Array(buffer, 0, 512);
  const outcomes = [() => Tool.any([{ get a() { buffer.resize(8); return 1; } }, view]), () => Vault.sum(numbers), () => Tool.bytes(view)];
  return outcomes.map((run) => { try { const value = run(); return value?.length ?? value?.[1]?.length ?? value; } catch (error) { return error.name; } }).join();
};
