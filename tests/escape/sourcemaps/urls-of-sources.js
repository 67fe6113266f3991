// A map with a root and sources that are URLs, and a section that is elsewhere. Nothing is fetched.
// expect: guest
export const attack = () => { null.x; };
//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjogMywgInNvdXJjZVJvb3QiOiAiaHR0cDovLzEyNy4wLjAuMToxLyIsICJzb3VyY2VzIjogWyJmaWxlOi8vL2V0Yy9wYXNzd2QiLCAiaHR0cDovLzEyNy4wLjAuMToxL2EuanMiXSwgIm5hbWVzIjogW10sICJtYXBwaW5ncyI6ICJBQUFBO0FDQUE7QUFBQTtBQUFBIiwgInNlY3Rpb25zIjogW3sib2Zmc2V0IjogeyJsaW5lIjogMCwgImNvbHVtbiI6IDB9LCAidXJsIjogImZpbGU6Ly8vZXRjL3Bhc3N3ZCJ9XX0=
