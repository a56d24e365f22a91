import { instrument } from 'spanwright';

async function plan(job: string, priority = 1) {
  return job + priority;
}
function parse(text: string): string;
function parse(text: string, ...more: string[]): string;
function parse(text: string, ...more: string[]): string {
  return [text, ...more].join();
}
const read = function* (id: string) {
  yield id;
};
let changing = (id: string) => id;

export const planned = instrument({ name: 'planned', args: ['job'] }, plan);
export const parsed = instrument(parse);
export const records = instrument(read);
export const later = instrument(changing);
export const given = (work: () => void) => instrument(work);
changing = (id) => id + id;
