// Defaults that the admin hook and the command line program share. No imports, so that the program starts fast.

/** Port of the admin server, and where the program looks without an option. */
export const DEFAULT_ADMIN_PORT = 9465;

/** Path prefix of the routes. */
export const DEFAULT_PREFIX = '/tracing';

/** Names the caller in log and state; stated, not verified. */
export const ACTOR_HEADER = 'x-spanwright-actor';

/** The variable that holds the token, for the hook and for the program. */
export const TOKEN_VARIABLE = 'SPANWRIGHT_ADMIN_TOKEN';
