"use strict";
// `process`, as far as libraries ask which build of themselves to take.
const process = { env: { NODE_ENV: "production" } };
return { __proto__: null, process };
