import { instrument } from 'spanwright';

export class PowerService {
  @instrument
  status() {}
}
