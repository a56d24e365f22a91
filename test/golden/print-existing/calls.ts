import { deepStrictEqual, strictEqual } from 'node:assert';
import { given, later, parsed, planned, records } from './input';

export async function calls() {
  strictEqual(await planned('job'), 'job1');
  strictEqual(parsed('a', 'b'), 'a,b');
  deepStrictEqual([...records('id')], ['id']);
  strictEqual(later('id'), 'id');
  given(function work() {})();
}

export const spans = ['planned | job="job"', 'parse', 'read', 'changing', 'work'];
