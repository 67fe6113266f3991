/**
 * Runs after each login.
 * @param {Event} event - The user and the request.
 */
exports.onExecutePostLogin = async (event) => {
  const roles = (event.authorization || { roles: [] }).roles;
  if (event.stats.logins_count > 1 && !roles.includes('member')) {
    return { deny: `no role for ${event.user.email}` };
  }
  return { claims: { 'https://example.com/roles': roles } };
};
