import { plan, PowerService } from './input.js';

export async function calls() {
  const service = new PowerService();
  const seen = JSON.stringify([await service.powerControl('m-17'), service.select('alone'), plan('alone')]);
  if (seen !== '[["m-17","A-1",4,"nsm","k","j"],"alone","alone"]') throw new Error(seen);
}

export const spans = [
  'PowerService.powerControl | backend="nsm" | count=2 | hall="A" | job="j" | machineId="m-17" | pool="p" | power.action="on" | rack.id="A-1" | value=7',
];
