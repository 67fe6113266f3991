'use strict';

const defaults = { greeting: 'hello', marks: 1 };

function decorate(text, options) {
  return `${options.greeting}, ${text}${'!'.repeat(options.marks)}`;
}

module.exports = function plugin(document, options) {
  const settings = { ...defaults, ...options };
  return { ...document, title: decorate(document.title, settings), plugins: [...(document.plugins || []), plugin.name] };
};
