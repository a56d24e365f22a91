// `@spanwright/viewer`: the OTLP/gRPC receiver and the trace printer for programs, above all for tests that want to see what
// really leaves their service. Bounded, loopback only; see receiver.ts.

export { startViewer, type Viewer, type ViewerOptions } from '../view/viewer.js';
export type { ReceivedEvent, ReceivedLink, ReceivedSpan, Value, Values } from './decode.js';
export { TracePrinter } from './printer.js';
export { type Receiver, type ReceiverOptions, startReceiver } from './receiver.js';
export { formatDuration, formatTrace, groupTraces, type TreeOptions } from './tree.js';
