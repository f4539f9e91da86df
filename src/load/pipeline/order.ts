/**
 * Orders names so that each comes after those it needs, keeping the given order where it is free.
 * Of a cycle, the path around it is returned instead.
 */
export function topologicalOrder(
  needs: ReadonlyMap<string, readonly string[]>,
): { readonly order: readonly string[] } | { readonly cycle: readonly string[] } {
  const order: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  for (const start of needs.keys()) {
    const path: { name: string; next: number }[] = state.has(start) ? [] : [{ name: start, next: 0 }];
    if (path.length > 0) state.set(start, 'open');
    while (path.length > 0) {
      const top = path.at(-1);
      if (top === undefined) break;
      const need = needs.get(top.name)?.[top.next];
      top.next += 1;
      if (need === undefined) {
        state.set(top.name, 'done');
        order.push(top.name);
        path.pop();
      } else if (state.get(need) === 'open') {
        const from = path.findIndex(({ name }) => name === need);
        return { cycle: [...path.slice(from).map(({ name }) => name), need] };
      } else if (!state.has(need) && needs.has(need)) {
        state.set(need, 'open');
        path.push({ name: need, next: 0 });
      }
    }
  }
  return { order };
}
