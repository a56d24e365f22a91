// The version of this package, as in package.json (test/hosts/bundled.test.ts holds them equal). A literal, because a bundled service has no package.json.

export const VERSION = '0.1.0';
