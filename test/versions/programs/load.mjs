import * as api from '@opentelemetry/api';
import * as spanwright from 'spanwright';
import core from './core.cjs';

const [endpoint, protocol] = process.argv.slice(2);
await core({ spanwright, api, endpoint, protocol });
