// The cameras of the yard, simulated: each takes its images, one after the other, and the process ends. The first image of a camera is of
// an empty yard, from which the detector learns the background.

import { setTimeout as pause } from 'node:timers/promises';
import { endTracing, failed, finished, ready } from '../pipeline/lifecycle.js';
import { number, required } from '../pipeline/settings.js';
import { Camera, type Shot } from './camera.js';
import { Random } from './random.js';
import { OBJECTS } from './scene.js';
import { started } from './tracing.js';

const CAMERAS = (process.env.CAMERAS ?? 'front_door,driveway,garden').split(',');
/** Priorities that images are sent with. The API does not know the last one, and refuses it. */
const PRIORITIES = ['low', 'normal', 'high', 'critical', 'urgent'];

/** Every third image shows nothing. */
function planned(count: number, random: Random): Shot[] {
  return Array.from({ length: count }, (_, index): Shot => {
    if (index % 3 === 0) return {};
    return { object: random.oneOf(OBJECTS), ...(index % 2 === 0 ? { priority: random.oneOf(PRIORITIES) } : {}) };
  });
}

async function main(): Promise<void> {
  const tracing = await started;
  const seed = process.env.SEED ?? String(Date.now());
  const count = number('IMAGES', 8, 0, 100_000);
  const interval = number('INTERVAL_MS', 0, 0, 3_600_000);
  const cutOff = process.env.CUT_OFF_CAMERA;
  const cameras = CAMERAS.map((id) => new Camera(id, required('API_URL'), seed));
  ready({ cameras: CAMERAS });
  await Promise.all(
    cameras.map(async (camera) => {
      for (const shot of planned(count, new Random(`${camera.id} ${seed}`))) {
        await camera.capture(shot);
        await pause(interval);
      }
      if (camera.id === cutOff) await camera.capture({ object: 'person', cutOff: true });
    }),
  );
  await endTracing(tracing);
  finished();
}

main().catch(failed);
