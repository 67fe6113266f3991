module.exports = {
  name: 'trim',
  apply(document, options) {
    return { ...document, title: this.clean(document.title).slice(0, options.length) };
  },
  clean: (text) => text.trim(),
};
