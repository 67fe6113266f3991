// A built-in module reaches the network past the list of permissions.
// expect: guest
// quickjs: expect: guest
// says: node:http
import http from 'node:http';
export const attack = () => `ESCAPED: ${http}`;
