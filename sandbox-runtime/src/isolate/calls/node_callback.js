// Makes a promise, and the callback of Node's kind that settles it. The first call counts, and a promise is settled once.
return () => {
  let accept, refuse;
  const promise = new promises((resolve, reject) => { accept = resolve; refuse = reject; });
  const callback = (error, value) => {
    if (error === null || error === void 0) accept(value);
    else refuse(error);
  };
  return { __proto__: null, promise, callback, refuse };
};
