// Uses the sources of RxJS as a program would. Compiled into the test's project beside them, so that it says `./sources/rxjs`.
// @ts-nocheck
import * as rx from '../sources/rxjs';
import { TestScheduler } from '../sources/rxjs/testing';

export async function use(): Promise<unknown> {
  const told: unknown[] = [];
  const seen = (label: string) => ({
    next: (value: unknown) => told.push([label, value]),
    error: (error: unknown) => told.push([label, 'error', String(error)]),
    complete: () => told.push([label, 'complete']),
  });
  rx.from([1, 2, 3, 4, 5])
    .pipe(
      rx.map((n) => n * 2),
      rx.filter((n) => n > 2),
      rx.mergeMap((n) => rx.of(n, -n)),
      rx.scan((sum, n) => sum + n, 0),
      rx.bufferCount(3),
    )
    .subscribe(seen('piped'));
  const subject = new rx.Subject();
  const [behavior, replay] = [new rx.BehaviorSubject('first'), new rx.ReplaySubject(2)];
  subject.subscribe(behavior);
  subject.subscribe(replay);
  const subscription = behavior.pipe(rx.distinctUntilChanged(), rx.pairwise()).subscribe(seen('pairs'));
  for (const value of ['a', 'a', 'b', 'c']) subject.next(value);
  subscription.unsubscribe();
  subject.next('unseen');
  subject.complete();
  replay.subscribe(seen('replayed'));
  told.push([behavior.getValue(), subscription.closed, subject.observed]);
  let tries = 0;
  rx.defer(() => (++tries < 3 ? rx.throwError(() => new Error(`try ${tries}`)) : rx.of('got')))
    .pipe(rx.retry(2), rx.shareReplay(1))
    .subscribe(seen('retried'));
  rx.throwError(() => new TypeError('always'))
    .pipe(
      rx.catchError((error) => rx.of(error instanceof TypeError)),
      rx.finalize(() => told.push('finally')),
    )
    .subscribe(seen('caught'));
  rx.combineLatest([rx.of(1, 2), rx.of('x')])
    .pipe(rx.withLatestFrom(rx.of(true)))
    .subscribe(seen('combined'));
  new TestScheduler((actual, expected) => told.push(JSON.stringify(actual) === JSON.stringify(expected))).run(
    ({ cold, hot, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b-c|');
      expectObservable(source.pipe(rx.debounceTime(3), rx.delay(2))).toBe('--------(c|)');
      expectObservable(hot('a-b-^-c-d|').pipe(rx.switchMap((letter) => cold('x|', { x: letter })))).toBe('--c-d-|');
      expectSubscriptions(source.subscriptions).toBe('^-----!');
    },
  );
  const timed = await rx.lastValueFrom(rx.interval(2).pipe(rx.take(3), rx.timeout(1000), rx.toArray()));
  const late = await rx.firstValueFrom(rx.EMPTY).catch((error) => error.name);
  const iterated: number[] = [];
  for await (const value of (async function* () {
    yield* [7, 8];
  })())
    iterated.push(await rx.lastValueFrom(rx.from(Promise.resolve(value))));
  await rx
    .from([1, 2, 3])
    .pipe(
      rx.concatMap(async (n) => n * n),
      rx.groupBy((n) => n % 2),
      rx.mergeMap((group) => group.pipe(rx.reduce((a, b) => a + b))),
    )
    .forEach((n) => void told.push(n));
  return [told, timed, late, iterated];
}
