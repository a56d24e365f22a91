// What the drivers of the samples share. Nothing of it is needed for tracing a service.

export { Child, type ChildOptions } from './child.js';
export { deliveryFaults, type SpanReport } from './delivery.js';
export { emptyCluster } from './empty-cluster.js';
export { freePort } from './free-port.js';
export { SPANWRIGHT, startReceiver } from './receiver.js';
