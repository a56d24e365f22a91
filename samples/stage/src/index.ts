// Shared by the drivers of the samples. A service needs none of it to be traced.

export { Child, type ChildOptions } from './child.js';
export { deliveryFaults, type SpanReport } from './delivery.js';
export { emptyCluster } from './empty-cluster.js';
export { freePort } from './free-port.js';
export { SPANWRIGHT, startReceiver } from './receiver.js';
export { viewIfAsked } from './view.js';
