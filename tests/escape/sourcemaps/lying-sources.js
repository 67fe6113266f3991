// An inline map that claims the shim and deno_core as the sources of each line. The host's error still names the script.
// expect: guest
export const attack = () => { const stack = String($thrown(() => null.x).stack); if (/ext:core|sandbox:/.test(stack.split('\n')[0])) return 'ESCAPED: the first line'; null.y; };
//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjogMywgInNvdXJjZXMiOiBbImV4dDpjb3JlLzAxX2NvcmUuanMiLCAic2FuZGJveDpUb29sIl0sICJuYW1lcyI6IFsiaG9zdCJdLCAibWFwcGluZ3MiOiAiQUFBQUE7QUFDQTtBQ0FBO0FBQUFBO0FBQ0E7QUNBQTtBQUFBQTtBQUNBO0FDQUE7QUFBQUE7QUFDQTtBQ0FBO0FBQUFBO0FBQ0E7QUNBQTtBQUFBQTtBQUNBO0FDQUE7QUFBQUE7QUFDQTtBQ0FBO0FBQUFBO0FBQ0E7QUNBQTsifQ==
