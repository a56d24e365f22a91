import { instrument } from 'spanwright';

export class Store {
  // @ts-ignore the compiler refuses it too
  @instrument
  find(id: string): string;
  find(id: number): string;
  find(id: string | number) {
    return String(id);
  }

  get(id: string): string;
  get(id: number): string;
  @instrument
  get(id: string | number) {
    return String(id);
  }
}
