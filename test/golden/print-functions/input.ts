import * as sw from 'spanwright';

export const plan = sw.instrument({ name: 'planned' }, async (job: string) => job);

export const api = {
  get: sw.instrument(function (id: string) {
    return id;
  }),
  nested: { put: sw.instrument(() => 1) },
};

export const Made = sw.instrument(function Made(this: object, a: number) {
  return new.target === undefined ? a : this;
});

function outer() {
  return sw.instrument(async function* inner() {});
}

export default sw.instrument(() => outer());
