function t(r){if(r<0)throw new RangeError(`no tax for ${r}`);return r/4}var a=r=>r.net+t(r.net);export{a as price};
