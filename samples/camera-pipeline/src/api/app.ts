// The HTTP API, on Express: cameras send images, people ask for events. Spanwright's baggage middleware passes the camera, the
// priority and the source of a request to every process that works for it.

import { context, trace } from '@opentelemetry/api';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { CAMERA, pipeline } from '../pipeline/baggage.js';
import { createLog } from '../pipeline/log.js';
import { isPng } from '../pipeline/png.js';
import { contactSheet } from './contact-sheet.js';
import type { Images } from './images.js';
import { imagesReceived, requestSeconds } from './metrics.js';

const log = createLog('api');
const MOST_BYTES = 1024 * 1024;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function createApp(images: Images): Express {
  const app = express();
  app.disable('x-powered-by');
  app.get('/healthz', (_, response) => void response.json({ ok: true }));
  app.use(pipeline.middleware());
  app.use(accessLog);

  app.post('/cameras/:camera/images', express.raw({ type: 'image/png', limit: MOST_BYTES }), async (request, response) => {
    const { camera } = request.params;
    if (!CAMERA.test(camera)) return refuse(response, 400, 'not the name of a camera');
    if (!Buffer.isBuffer(request.body) || !isPng(request.body)) return refuse(response, 415, 'expected an image/png');
    imagesReceived.inc({ camera });
    response.status(202).json({ image: await images.accept(camera, request.body) });
  });
  // the image.path of detection_processing
  app.get('/cameras/:camera/images/:image', async ({ params: { camera, image } }, response) => {
    const png = UUID.test(image) ? await images.image(camera, image) : undefined;
    if (png === undefined) return refuse(response, 404, 'no such image');
    response.type('image/png').send(png);
  });
  app.get('/cameras/:camera/contact-sheet', async (request, response) => {
    const sheet = contactSheet.render(await images.last(request.params.camera, 64));
    response.type('image/png').send(sheet);
  });
  app.get('/events', async (request, response) => {
    const { camera } = request.query;
    response.json({ events: await images.events(typeof camera === 'string' ? camera : undefined) });
  });
  app.get('/events/:id', async (request, response) => {
    const event = UUID.test(request.params.id) ? await images.event(request.params.id) : undefined;
    if (event === undefined) return refuse(response, 404, 'no such event');
    response.json(event);
  });
  app.use(answerFailure);
  return app;
}

/** One line and one measurement a request, and the route on the server's span: it is known only when the answer goes out. */
function accessLog(request: Request, response: Response, next: NextFunction): void {
  const begin = performance.now();
  const span = trace.getActiveSpan();
  const { method } = request;
  const answered = (): void => {
    const seconds = (performance.now() - begin) / 1000;
    const route = request.route === undefined ? 'none' : String(request.route.path);
    span?.setAttribute('http.route', route).updateName(`${method} ${route}`);
    requestSeconds.observe({ method, route, status: response.statusCode }, seconds);
    log.info({ method, route, status: response.statusCode, duration_ms: Math.round(seconds * 1e4) / 10 }, 'request');
  };
  response.prependOnceListener('finish', context.bind(context.active(), answered));
  next();
}

function refuse(response: Response, status: number, error: string): void {
  response.status(status).json({ error });
}

function answerFailure(error: Error & { status?: number }, _: Request, response: Response, __: NextFunction): void {
  const status = error.status ?? 500;
  log.error({ error: error.message, status }, 'request failed');
  refuse(response, status, status < 500 ? error.message : 'the request failed');
}
