// Lets a host's error pass, so that the host reports its own text to the tenant.
// expect: guest
export const attack = () => Tool.refuse();
