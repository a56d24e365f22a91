// The values that travel with an image through every process, and the limits of each. The API fills them in from the request; every
// span below has them as attributes, in the last process as in the first.

import { baggage } from 'spanwright';

/** Valid names of cameras. */
export const CAMERA = /^[a-z][a-z0-9_-]{0,63}$/;

export const pipeline = baggage.declare({
  'camera.id': { pattern: CAMERA, path: '/cameras/:id', attribute: true },
  'event.priority': {
    values: ['low', 'normal', 'high', 'critical'],
    default: 'normal',
    header: 'X-Event-Priority',
    lowerCase: true,
    attribute: true,
  },
  'request.source': {
    values: ['ui', 'api', 'scheduled', 'internal'],
    default: 'api',
    header: 'X-Request-Source',
    lowerCase: true,
    upstream: 'replace',
    attribute: true,
  },
  'batch.id': { pattern: /[0-9a-f-]{1,64}/, attribute: true },
});

export type Priority = 'low' | 'normal' | 'high' | 'critical';
