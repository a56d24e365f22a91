// The version of this package. Read by its own name, because sources and built code lie at different depths.

export const VERSION = (require('@spanwright/viewer/package.json') as { version: string }).version;
