// `spanwright/nest`: tracing as a module of Nest. Nothing of Nest is loaded before forRoot() or forRootAsync(), and the declarations
// name none of its types.

export type { NestKind } from './classes.js';
export type { NestHookOptions } from './hook.js';
export {
  type NestDynamicModule,
  SPANWRIGHT,
  SpanwrightModule,
  type SpanwrightModuleAsyncOptions,
  type SpanwrightModuleOptions,
} from './module.js';
