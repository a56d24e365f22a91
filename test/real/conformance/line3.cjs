// Preload of one side of the comparison: OpenTelemetry's packages are those of line 3, which `npm run setup` installs.

const Module = require('node:module');
const { join } = require('node:path');

const LINE = join(__dirname, '../../../.cache/sdk3');
const of3 = Module.createRequire(join(LINE, 'package.json'));
const resolve = Module._resolveFilename;

Module._resolveFilename = function (name, parent, ...rest) {
  const isOutside = name.startsWith('@opentelemetry/') && !parent?.filename?.startsWith(LINE);
  return isOutside ? of3.resolve(name) : resolve.call(this, name, parent, ...rest);
};
