// The API of the inference server, for both sides.

import type { Classified } from './network.js';

/** Answer of `GET /v1/model`. */
export interface ModelInfo {
  readonly name: string;
  /** Share of held-out images that the model classifies correctly. */
  readonly accuracy: number;
}

/** Body of `POST /v1/infer`: objects, each with its crop in base64 and the size of its box. */
export interface InferenceRequest {
  readonly objects: readonly { readonly crop: string; readonly width: number; readonly height: number }[];
}

export interface InferenceAnswer {
  /** In the order of the request. */
  readonly objects: readonly Classified[];
  /** Numbers that went into the network, and that came out of it. */
  readonly usage: { readonly inputs: number; readonly outputs: number };
}
