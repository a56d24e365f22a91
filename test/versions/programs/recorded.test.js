// A user's test under Jest, whose modules and globals are Jest's own.
const { assertNoOpenSpans, instrument, startTracing } = require('spanwright');

const ended = [];
let tracing;
beforeAll(async () => {
  const exporter = {
    export: (spans, done) => {
      ended.push(...spans);
      done({ code: 0 });
    },
    shutdown: async () => {},
  };
  tracing = await startTracing({ exporter, enabled: true });
});
afterAll(() => tracing.shutdown());

test('a call is recorded and leaves no span open', async () => {
  const work = instrument({ name: 'work' }, async (id) => id);
  expect(await work(3)).toBe(3);
  await tracing.forceFlush();
  expect(ended.map(({ name }) => name)).toEqual(['work']);
  assertNoOpenSpans();
});
