function (user, context, callback) {
  // Only addresses of the company may sign in, and administrators need a second factor.
  var whitelist = ['example.com', 'example.org'];
  var allowed = whitelist.some(function (domain) {
    return user.email.split('@')[1].toLowerCase() === domain;
  });

  if (!allowed) {
    return callback(new UnauthorizedError('Access denied.').message, null, null);
  }

  user.app_metadata = user.app_metadata || {};
  context.multifactor = user.app_metadata.admin ? { provider: 'any' } : null;
  callback(null, user, context);

  function UnauthorizedError(message) { this.message = message; }
}
