// Uses the sources of Redux as a program would. Compiled into the test's project beside them.
// @ts-nocheck
import * as redux from '../sources/redux';

export async function use(): Promise<unknown> {
  const told: unknown[] = [];
  const todos = (state = [], action) => (action.type === 'add' ? [...state, action.text] : state);
  const count = (state = 0, action) => (action.type === 'add' ? state + 1 : state);
  const logger = (api) => (next) => (action) => {
    told.push(['before', api.getState().count]);
    const result = next(action);
    told.push(['after', api.getState().count]);
    return result;
  };
  const thunk = (api) => (next) => (action) => (typeof action === 'function' ? action(api.dispatch) : next(action));
  const store = redux.legacy_createStore(redux.combineReducers({ todos, count }), redux.applyMiddleware(thunk, logger));
  const unsubscribe = store.subscribe(() => told.push('changed'));
  const { add } = redux.bindActionCreators({ add: (text) => ({ type: 'add', text }) }, store.dispatch);
  add('buy pears');
  told.push(await store.dispatch(async (dispatch) => dispatch({ type: 'add', text: 'eat them' }).text));
  unsubscribe();
  add('again');
  store.replaceReducer(redux.combineReducers({ count }));
  told.push(store.getState(), redux.isPlainObject({}), redux.isPlainObject(new Date(0)), redux.compose(Math.sqrt, Math.abs)(-16));
  for (const wrong of [undefined, {}, { type: 1 }, new (class Action {})()])
    try {
      store.dispatch(wrong);
    } catch (error) {
      told.push(error.message.slice(0, 40));
    }
  const observed = [];
  store[Symbol.observable ?? '@@observable']?.().subscribe({ next: (state) => observed.push(state) });
  return [...told, observed];
}
