import { instrument } from 'spanwright';

export class PowerService {
  // @ts-ignore a value is no function
  @instrument
  count = 1;

  @instrument
  handler = (id: string) => id;

  method(
    // @ts-ignore a parameter is no function
    @instrument id: string,
  ) {
    return id;
  }
}
