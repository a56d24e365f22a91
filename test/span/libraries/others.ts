// mongoose on a server of the wire protocol, execa as a promise with properties (9) and as a child process with `then` (8),
// and superagent, whose requests start with `then` or `end`.

import { createServer } from 'node:http';
import { type Any, byCallback, collected, installed, type Libraries, type Library, load, type Use } from './library.js';
import { startMongo } from './mongo-server.js';

const NODE = process.execPath;

const iterate: Record<string, Use> = { 'for await (line of child)': (child) => collected(child) };

function execa(name: string, run: Any, uses: Record<string, Use> = {}): Library {
  return { name, good: () => run(NODE, ['-p', '1']), bad: () => run(NODE, ['-e', 'process.exit(3)']), uses };
}

export async function startOtherLibraries(): Promise<Libraries> {
  const mongo = await startMongo(installed('mongoose').mongo.BSON);
  const mongoose = installed('mongoose');
  const connection = await mongoose.createConnection(`mongodb://127.0.0.1:${mongo.port}/test`).asPromise();
  const model = (name: string): Any => connection.model(name, new mongoose.Schema({ rack: Number }), name);
  const [machines, absent] = [model('machines'), model('absent')];
  const runs: Record<string, Use> = {
    'exec()': (query) => query.exec(),
    'cursor()': (query) => collected(query.cursor()),
    'for await (row of query)': (query) => collected(query),
  };

  let requests = 0;
  const http = createServer(({ url }, response) => {
    requests++;
    response.writeHead(url === '/good' ? 200 : 500, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(http.address() as { port: number }).port}`;
  const superagent = installed('superagent');

  return {
    libraries: [
      {
        name: 'mongoose',
        runs: mongo.reads,
        good: () => machines.find().lean(),
        bad: () => absent.find().lean(),
        uses: runs,
      },
      {
        name: 'mongoose, aggregate',
        runs: mongo.reads,
        good: () => machines.aggregate([{ $match: {} }]),
        bad: () => absent.aggregate([{ $match: {} }]),
        uses: { 'exec()': (query) => query.exec(), 'cursor()': (query) => collected(query.cursor()) },
      },
      execa('execa 9', (await load('execa9')).execa, iterate),
      execa('execa 8', (await load('execa8')).execa),
      {
        name: 'superagent',
        hasFinally: false,
        runs: () => requests,
        good: () => superagent.get(`${base}/good`).ok(ok).buffer(),
        bad: () => superagent.get(`${base}/bad`).ok(ok).buffer(),
        uses: { 'end()': (request) => byCallback((done) => request.end(done)) },
      },
    ],
    async stop() {
      await connection.close();
      mongo.stop();
      http.closeAllConnections();
      http.close();
    },
  };
}

const ok = ({ status }: { status: number }): boolean => status === 200;
