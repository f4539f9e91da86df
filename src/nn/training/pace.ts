/** Tells how fast a training goes; only to be shown, since it differs from run to run. */
export interface Pace {
  /** Notes that a batch is done. */
  count(images: number): void;
  /** Images a second since this was last called, or since the last `restart`. */
  read(): number;
  /** Leaves out the time that has gone by since: other work was done. */
  restart(): void;
}

/** Starts measuring. */
export function startPace(): Pace {
  let done = 0;
  let since = performance.now();
  const restart = (): void => {
    done = 0;
    since = performance.now();
  };
  return {
    count(images) {
      done += images;
    },
    read() {
      const pace = (1000 * done) / Math.max(1e-3, performance.now() - since);
      restart();
      return pace;
    },
    restart,
  };
}
