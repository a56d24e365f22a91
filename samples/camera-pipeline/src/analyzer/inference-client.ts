// The inference server as the analyzer uses it: each batch is one request, in a client span with its size in characters.

import { startSpan } from 'spanwright';
import type { InferenceAnswer, InferenceRequest, ModelInfo } from '../inference/api.js';
import type { Seen } from '../inference/network.js';
import { inferenceSeconds } from './metrics.js';

export class InferenceClient {
  private constructor(
    private readonly url: string,
    readonly model: ModelInfo,
  ) {}

  static async connect(url: string): Promise<InferenceClient> {
    return new InferenceClient(url, JSON.parse(await textOf(await fetch(`${url}/v1/model`))) as ModelInfo);
  }

  /** The span ends with the block, also when the server refuses. */
  async infer(seen: readonly Seen[]): Promise<InferenceAnswer> {
    const request: InferenceRequest = {
      objects: seen.map(({ crop, width, height }) => ({ crop: Buffer.from(crop).toString('base64'), width, height })),
    };
    const body = JSON.stringify(request);
    using span = startSpan('llm_inference', {
      kind: 'client',
      namespace: 'hsi::analyzer::model',
      attributes: { 'model.name': this.model.name, 'model.inputs': seen.length, 'model.prompt_length': body.length },
    });
    const stop = inferenceSeconds.startTimer({ model: this.model.name });
    try {
      const headers = { 'content-type': 'application/json' };
      const text = await textOf(await fetch(`${this.url}/v1/infer`, { method: 'POST', headers, body }));
      const answer = JSON.parse(text) as InferenceAnswer;
      span.setAttributes({
        'model.completion_length': text.length,
        'model.objects': answer.objects.map(({ object }) => object),
      });
      return answer;
    } catch (error) {
      span.recordFailure(error);
      throw error;
    } finally {
      span.setAttribute('model.duration_ms', stop() * 1000);
    }
  }
}

/** @throws Error with what the server answered, unless it succeeded. */
async function textOf(response: Response): Promise<string> {
  const text = await response.text();
  if (response.ok) return text;
  throw new Error(`the inference server answered ${response.status}: ${text.slice(0, 200)}`);
}
