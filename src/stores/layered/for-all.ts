/** Things that travel at once. */
const AT_ONCE = 4;

/** Does something for all items, a few at once, until one fails; true if none did. */
export async function forAll<Item>(items: readonly Item[], act: (item: Item) => Promise<boolean>): Promise<boolean> {
  const queue = items.values();
  let areDone = true;
  const work = async (): Promise<void> => {
    for (const item of queue) {
      if (!areDone) return;
      if (!(await act(item))) areDone = false;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return areDone;
}
