// Annotations of a maintenance resource with trace context: that of its event, as two ids, and that of the janitor's
// session on it, which a restarted janitor continues.

import { carriers } from 'spanwright';

export const OF_EVENT = carriers.annotations({ prefix: 'nvsentinel.nvidia.com', form: 'ids' });
export const OF_SESSION = carriers.annotations({ prefix: 'session.nvsentinel.nvidia.com' });
