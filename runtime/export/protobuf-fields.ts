// Reads the fields of a protobuf message without a schema. Used by retry-info.ts and for the answers of an OpAMP server.

/**
 * Every field of one message: varints as numbers, length-delimited fields as bytes (protobuf encoding, "Message Structure").
 * @throws RangeError for bytes that are no message
 */
export function* walk(message: Uint8Array): Generator<[number: number, value: number | Uint8Array]> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; scale < 2 ** 70; scale *= 128) {
      const byte = message[at++];
      if (byte === undefined) throw new RangeError('the message is truncated');
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw new RangeError('a number has more than ten bytes');
  };
  while (at < message.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    const kind = tag % 8;
    if (kind === 0) {
      yield [number, varint()];
      continue;
    }
    const length = kind === 1 ? 8 : kind === 2 ? varint() : kind === 5 ? 4 : Number.NaN;
    if (Number.isNaN(length) || number === 0) throw new RangeError(`field ${number} has the unknown wire type ${kind}`);
    at += length;
    if (at > message.length) throw new RangeError('the message is truncated');
    if (kind === 2) yield [number, message.subarray(at - length, at)];
  }
}
