const core = require('./core.cjs');
const [endpoint, protocol] = process.argv.slice(2);
void core({ spanwright: require('spanwright'), api: require('@opentelemetry/api'), endpoint, protocol });
