// `spanwright/admin`: what a service mounts to be switched and watched while it runs.

export type { AccessOptions, Caller } from './access.js';
export type { AuditEntry } from './audit.js';
export { DEFAULT_ADMIN_PORT } from './defaults.js';
export { type FastifyLike, type FastifyPlugin, toFastifyPlugin } from './fastify.js';
export { type AdminHandler, type AdminOptions, createAdminHandler } from './handler.js';
export { callerOf, type NodeHandler, toNodeHandler } from './node.js';
export { type AdminServer, type AdminServerOptions, startAdminServer } from './server.js';
