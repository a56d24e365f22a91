// Where a maintenance resource holds trace context: that of the event which it was made for, as two ids, and that of the janitor's
// session on it, which a restarted janitor goes on with.

import { carriers } from 'spanwright';

export const OF_EVENT = carriers.annotations({ prefix: 'nvsentinel.nvidia.com', form: 'ids' });
export const OF_SESSION = carriers.annotations({ prefix: 'session.nvsentinel.nvidia.com' });
