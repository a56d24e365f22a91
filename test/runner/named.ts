// Preloaded by the runner for `npm test -- --test TEXT`: uvu registers only the tests whose name holds the text.

import uvu = require('uvu');

const text = process.env.SPANWRIGHT_TEST_NAME ?? '';

function filtered(test: uvu.Test): uvu.Test {
  const register = (name: string, handler: uvu.Callback<uvu.Context>): void => {
    if (name.includes(text)) test(name, handler);
  };
  return Object.assign(register, test) as uvu.Test;
}

const { test, suite } = uvu;
Object.assign(uvu, { test: filtered(test), suite: (...args: Parameters<typeof suite>) => filtered(suite(...args) as uvu.Test) });
