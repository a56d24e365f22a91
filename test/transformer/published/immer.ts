// Uses the sources of Immer as a program would. Compiled into the test's project beside them.
// @ts-nocheck
import * as immer from '../sources/immer/immer';

export async function use(): Promise<unknown> {
  immer.enableMapSet();
  immer.enablePatches();
  const base = {
    items: [
      { id: 1, tags: new Set(['a']) },
      { id: 2, tags: new Set() },
    ],
    index: new Map([['x', { n: 1 }]]),
    same: { deep: true },
  };
  const [next, patches, inverse] = immer.produceWithPatches(base, (draft) => {
    draft.items[0].tags.add('b');
    draft.items.push({ id: 3, tags: new Set() });
    draft.index.get('x').n = 2;
    draft.index.set('y', { n: 3 });
    delete draft.items[1].id;
  });
  const curried = immer.produce((draft, by) => {
    draft.count += by;
  });
  const draft = immer.createDraft(base);
  draft.items.splice(0, 1);
  const told: unknown[] = [
    next.same === base.same,
    next.items === base.items,
    Object.isFrozen(next),
    [...next.items[0].tags],
    [...next.index].map(([key, { n }]) => [key, n]),
    patches,
    JSON.stringify(immer.applyPatches(next, inverse)) === JSON.stringify(base),
    curried({ count: 1 }, 4),
    immer.finishDraft(draft).items.length,
    immer.isDraft(next),
    immer.original(immer.createDraft(base)) === base,
    immer.produce({ list: [3, 1, 2] }, ({ list }) => void list.sort()).list,
    immer.produce(base, () => immer.nothing),
  ];
  try {
    next.items.push(1);
  } catch (error) {
    told.push(error.constructor.name);
  }
  class Point {
    x = 1;
    move(by) {
      this.x += by;
    }
  }
  Point[immer.immerable] = true;
  const moved = immer.produce(new Point(), (point) => point.move(2));
  return [...told, moved.x, moved instanceof Point];
}
