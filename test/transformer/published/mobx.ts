// Uses the sources of MobX as a program would. Compiled into the test's project beside them.
// @ts-nocheck
import * as mobx from '../sources/mobx/mobx';

class Todo {
  title = '';
  done = false;
  constructor(title: string) {
    this.title = title;
    mobx.makeAutoObservable(this);
  }
  toggle() {
    this.done = !this.done;
  }
}

class Store {
  todos = [];
  state = 'idle';
  constructor() {
    mobx.makeAutoObservable(this, {}, { autoBind: true });
  }
  get open() {
    return this.todos.filter(({ done }) => !done).length;
  }
  add(title) {
    this.todos.push(new Todo(title));
  }
  *load(titles) {
    this.state = 'loading';
    const got = yield Promise.resolve(titles);
    for (const title of got) this.add(title);
    this.state = 'loaded';
    return got.length;
  }
}

export async function use(): Promise<unknown> {
  const told: unknown[] = [];
  const store = new Store();
  const stop = mobx.autorun(() => told.push(['open', store.open, store.state]));
  mobx.reaction(
    () => store.todos.map(({ title }) => title).join(),
    (titles, before) => told.push(['titles', titles, before]),
  );
  const waited = mobx.when(() => store.open > 2);
  const { add } = store;
  add('one');
  mobx.runInAction(() => {
    store.add('two');
    store.todos[0].toggle();
  });
  told.push(await store.load(['three', 'four']));
  await waited;
  stop();
  store.todos[1].toggle();
  const map = mobx.observable.map({ a: 1 });
  const set = mobx.observable.set([1]);
  mobx.observe(map, ({ type, name, newValue }) => told.push([type, name, newValue]));
  const product = mobx.computed(() => [...map.values()].reduce((a, b) => a * b, 1) * set.size);
  mobx.transaction(() => {
    map.set('b', 2);
    map.set('a', 5);
    set.add(2);
  });
  map.delete('a');
  const box = mobx.observable.box(1);
  mobx.intercept(box, (change) => ({ ...change, newValue: change.newValue * 10 }));
  box.set(4);
  const fails = mobx.action(() => {
    throw new RangeError('in an action');
  });
  try {
    fails();
  } catch (error) {
    told.push(`${error.name}: ${error.message}`);
  }
  const cancelled = store.load(['five']);
  cancelled.catch((error) => told.push(mobx.isFlowCancellationError(error)));
  cancelled.cancel();
  await null;
  await null;
  told.push(mobx.isAction(store.add), mobx.isFlow(store.load), mobx.isComputedProp(store, 'open'));
  return [told, product.get(), box.get(), mobx.toJS(store), mobx.getDependencyTree(product)?.name];
}
