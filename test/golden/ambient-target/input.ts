import { instrument } from 'spanwright';

// @ts-ignore the compiler refuses it too
@instrument
export declare class Elsewhere {
  // @ts-ignore the compiler refuses it too
  @instrument
  status(): void;
}

export class Here {
  // @ts-ignore the compiler refuses it too
  @instrument declare handler: () => void;

  @instrument
  status() {}
}
