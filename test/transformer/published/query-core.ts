// Uses the sources of TanStack Query's core as a program would. Compiled into the test's project beside them.
// @ts-nocheck
import {
  dehydrate,
  hydrate,
  InfiniteQueryObserver,
  MutationObserver,
  QueryClient,
  QueryObserver,
} from '../sources/query-core/index';

export async function use(): Promise<unknown> {
  const told: unknown[] = [];
  const client = new QueryClient({ defaultOptions: { queries: { retryDelay: 1 } } });
  let fetched = 0;
  const queryFn = async ({ queryKey: [, id] }) => {
    fetched++;
    return `order ${id}`;
  };
  const query = { queryKey: ['order', 1], queryFn, staleTime: 1000 };
  told.push(await client.fetchQuery(query), await client.fetchQuery(query), fetched);
  const [one, two] = await Promise.all([
    client.fetchQuery({ queryKey: ['order', 2], queryFn }),
    client.fetchQuery({ queryKey: ['order', 2], queryFn }),
  ]);
  told.push(one === two, fetched);
  let failures = 0;
  const failing = { queryKey: ['failing'], retry: 2, queryFn: () => Promise.reject(new Error(`failure ${++failures}`)) };
  told.push(await client.fetchQuery(failing).catch((error) => error.message), failures);
  const observer = new QueryObserver(client, { ...query, select: (text) => text.toUpperCase() });
  const results: unknown[] = [];
  const unsubscribe = observer.subscribe(({ status, fetchStatus, data }) => results.push([status, fetchStatus, data]));
  client.setQueryData(['order', 1], 'changed');
  await client.invalidateQueries({ queryKey: ['order', 1] });
  await new Promise((resolve) => setTimeout(resolve, 5));
  unsubscribe();
  told.push(results.at(-1), observer.getCurrentResult().data);
  const mutation = new MutationObserver(client, {
    mutationFn: async (n) => {
      if (n < 0) throw new RangeError('negative');
      return n + 1;
    },
    onSuccess: (value) => told.push(['success', value]),
    onError: (error) => told.push(['error', error.message]),
    onSettled: () => told.push('settled'),
  });
  told.push(await mutation.mutate(1), await mutation.mutate(-1).catch(({ name }) => name));
  const pages = new InfiniteQueryObserver(client, {
    queryKey: ['pages'],
    initialPageParam: 0,
    queryFn: ({ pageParam }) => [pageParam],
    getNextPageParam: (_, all) => (all.length < 3 ? all.length : undefined),
  });
  const leave = pages.subscribe(() => {});
  await pages.refetch();
  await pages.fetchNextPage();
  const last = await pages.fetchNextPage();
  told.push(last.data, last.hasNextPage);
  leave();
  const other = new QueryClient();
  hydrate(other, JSON.parse(JSON.stringify(dehydrate(client))));
  told.push(
    other.getQueryData(['order', 1]),
    client.getQueryCache().findAll({ queryKey: ['order'] }).length,
    client.isFetching(),
  );
  client.clear();
  other.clear();
  return told;
}
