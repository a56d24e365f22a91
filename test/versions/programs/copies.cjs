// Two copies of the package in one process, and one of them through import as well: the second sees what the first has started.
const first = require('spanwright');
const second = require('spanwright-copy');

async function main() {
  const imported = await import('spanwright');
  const work = second.instrument({ name: 'made by the second copy' }, () => 1);
  const tracing = await first.startTracing({ endpoint: process.argv[2], enabled: true, scheduleDelay: 50 });
  work();
  imported.instrument({ name: 'made by the import' }, () => 1)();
  const refused = await second.startTracing({}).then(
    () => 'started',
    (error) => error.code,
  );
  await tracing.forceFlush();
  const answer = {
    same: first.instrument === second.instrument,
    refused,
    sites: tracing.state().sites,
    spans: tracing.state().spans,
  };
  await tracing.shutdown();
  console.log(JSON.stringify(answer));
}

void main();
