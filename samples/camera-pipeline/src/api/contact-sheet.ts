// The last images of a camera on one sheet, each at half its size: the slow request of this API, because every image is decoded.

import { instrument } from 'spanwright';
import { decode, encode } from '../pipeline/png.js';

const COLUMNS = 4;
const WIDTH = 160;
const HEIGHT = 120;

class ContactSheet {
  /** @throws Error when one of the images cannot be read. */
  @instrument({ attributes: (images: readonly Buffer[]) => ({ 'image.count': images.length }) })
  render(images: readonly Buffer[]): Buffer {
    const rows = Math.max(1, Math.ceil(images.length / COLUMNS));
    const sheet = { width: COLUMNS * WIDTH, height: rows * HEIGHT, pixels: new Uint8Array(COLUMNS * WIDTH * rows * HEIGHT) };
    for (const [number, image] of images.entries()) {
      const { width, height, pixels } = decode(image);
      const start = Math.floor(number / COLUMNS) * HEIGHT * sheet.width + (number % COLUMNS) * WIDTH;
      for (let y = 0; y < HEIGHT; y++) {
        const row = Math.floor((y * height) / HEIGHT) * width;
        for (let x = 0; x < WIDTH; x++) {
          sheet.pixels[start + y * sheet.width + x] = pixels[row + Math.floor((x * width) / WIDTH)] as number;
        }
      }
    }
    return encode(sheet, 9);
  }
}

export const contactSheet = new ContactSheet();
