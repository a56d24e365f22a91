// One simulated BMC, which answers on the management port of a machine in a rack. It does the work of one in small: checks who
// asks, verifies the image it is sent, writes it to its flash block by block, at once or later, and refuses an update while it is locked.

import { createHash, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import type { Credentials } from '../component-manager/component.js';
import { FIRMWARE_VERSIONS, firmwareImage } from '../component-manager/firmware-images.js';

export interface BmcAnswer {
  status: number;
  body: Record<string, unknown>;
}

type Operation = (this: SimulatedBmc, parameter: string, payload: Buffer) => BmcAnswer | Promise<BmcAnswer>;

const FLASH_BLOCK_BYTES = 256 * 1024;
const QUEUE_MS = 100;
const compress = promisify(deflate);

export class SimulatedBmc {
  private power = 'off';
  private version: string = FIRMWARE_VERSIONS[0];
  private sha256 = '';
  private flash: Buffer[] = [];
  private queued: string | undefined;

  constructor(
    readonly id: string,
    private readonly credentials: Credentials,
    /** Why updates are refused; undefined accepts them. */
    private readonly lock: string | undefined,
  ) {}

  knows(authorization: string | undefined): boolean {
    const { username, password } = this.credentials;
    const expected = Buffer.from(`Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`);
    const given = Buffer.from(authorization ?? '');
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  /** `path` is what follows the BMC's own address, such as `/firmware/1.5.0`. */
  async answer(method: string, path: string, payload: Buffer): Promise<BmcAnswer> {
    const [, noun = '', parameter = ''] = path.split('/');
    const operation = OPERATIONS.get(`${method} ${noun}`);
    if (!operation) return refusal(404, 'NotFound', `${this.id} has no ${method} ${path}`);
    return operation.call(this, parameter, payload);
  }

  readPower(): BmcAnswer {
    return { status: 200, body: { id: this.id, state: this.power } };
  }

  setPower(payload: Buffer): BmcAnswer {
    const { action } = JSON.parse(payload.toString('utf8')) as { action: string };
    this.power = action === 'off' ? 'off' : 'on';
    return this.readPower();
  }

  readFirmware(): BmcAnswer {
    const { version, sha256, queued } = this;
    return { status: 200, body: { version, sha256, ...(queued !== undefined && { queued }) } };
  }

  /** Answers at once, and writes the image after that. A later update takes the place of one that is queued. */
  queueFirmware(version: string, image: Buffer): BmcAnswer {
    this.queued = version;
    setTimeout(async () => {
      if (this.queued !== version) return;
      await this.writeFirmware(version, image);
      if (this.queued === version) this.queued = undefined;
    }, QUEUE_MS).unref();
    return { ...this.readFirmware(), status: 202 };
  }

  async writeFirmware(version: string, image: Buffer): Promise<BmcAnswer> {
    if (this.lock !== undefined) return refusal(409, 'UpdateRefused', `${this.id} refuses firmware ${version}: ${this.lock}`);
    const sha256 = createHash('sha256').update(image).digest('hex');
    const expected = createHash('sha256').update(firmwareImage(version)).digest('hex');
    if (sha256 !== expected) return refusal(422, 'BadImage', `${this.id} was sent an image that is not firmware ${version}`);
    const flash: Buffer[] = [];
    for (let at = 0; at < image.length; at += FLASH_BLOCK_BYTES)
      flash.push(await compress(image.subarray(at, at + FLASH_BLOCK_BYTES)));
    this.flash = flash;
    this.version = version;
    this.sha256 = sha256;
    return { status: 200, body: { version, sha256, blocks: this.flash.length } };
  }
}

const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  [
    'GET power',
    function readPower() {
      return this.readPower();
    },
  ],
  [
    'POST power',
    function setPower(_, payload) {
      return this.setPower(payload);
    },
  ],
  [
    'GET firmware',
    function readFirmware() {
      return this.readFirmware();
    },
  ],
  [
    'POST firmware',
    function writeFirmware(version, image) {
      return this.writeFirmware(version, image);
    },
  ],
  [
    'POST queue',
    function queueFirmware(version, image) {
      return this.queueFirmware(version, image);
    },
  ],
  ['GET bundles', () => ({ status: 200, body: { bundles: [...FIRMWARE_VERSIONS] } })],
]);

function refusal(status: number, code: string, message: string): BmcAnswer {
  return { status, body: { error: { code, message } } };
}
