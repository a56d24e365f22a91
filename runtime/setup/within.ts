// A limit of time on work that must not break what waits for it. Called at shutdown.

/** Waits, but not longer than the limit, and never fails: shutting down must not break what is shutting down. */
export async function within(work: Promise<void>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  try {
    await Promise.race([work, limit]);
  } catch {
    // failed exports have been counted and told by the pipeline
  } finally {
    clearTimeout(timer);
  }
}
