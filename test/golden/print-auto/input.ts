import { instrument } from 'spanwright';

export class Billing {
  static readonly limit = 10;
  #total = 0;

  constructor(private readonly store: Map<string, number>) {}

  charge(id: string, amount: number) {
    this.store.set(id, amount);
    return this.#add(amount);
  }

  #add(amount: number) {
    this.#total += amount;
    return this.#total;
  }

  get total() {
    return this.#total;
  }

  @instrument({ name: 'mine' })
  marked() {}

  // @spanwright-skip: called in a tight loop
  hot() {}

  static create() {
    return new Billing(new Map());
  }
}

@instrument
export class Whole {
  once() {}
}

/** @spanwright-skip */
export class Left {
  out() {}
}

class Local {
  method() {
    return (inner: number) => inner;
  }
}

export async function plan(job: string, priority = 1) {
  return helper(job + priority);
}

function helper(text: string) {
  return new Local().method()(text.length);
}

export const arrow = (a: number) => a * 2;
export const marked = instrument(() => 1);

function listed() {}
export { listed as renamed };

export default function main() {
  return plan('x');
}

export class Job extends Local {
  step = 1;
  constructor(readonly id: string) {
    super();
    this.step++;
  }
}

export const service = {
  async run(job: string) {
    return job;
  },
  async later(job = 'y') {
    return job;
  },
  *all() {
    yield 'z';
  },
};

// @spanwright-skip
export function skipped() {}
