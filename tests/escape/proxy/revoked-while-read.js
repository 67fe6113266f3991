// A getter revokes the Proxy that the next field is, and turns lists into other things.
export const attack = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  const errors = [$thrown(() => Tool.order({ get id() { revoke(); return 1; }, lines: [proxy] })), $thrown(() => Tool.any([{ get a() { revoke(); return 1; } }, proxy]))];
  return errors.includes(undefined) ? 'ESCAPED: a revoked Proxy crossed' : $all(errors, 'error');
};
