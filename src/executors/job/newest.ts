/** Tells the newest of values that come as often as they like: at once after a pause, else when the pause is over. */
export class Newest<Value> {
  private readonly tell: (value: Value) => void;
  /** Milliseconds. */
  private readonly pause: number;
  private held: { readonly value: Value } | undefined;
  /** Runs as long as nothing may be told. */
  private pausing: NodeJS.Timeout | undefined;

  constructor(pause: number, tell: (value: Value) => void) {
    this.pause = pause;
    this.tell = tell;
  }

  take(value: Value): void {
    this.held = { value };
    if (this.pausing === undefined) this.release();
  }

  /** Tells what was held back, now or not at all; nothing comes any more. */
  end(isWanted: boolean): void {
    if (!isWanted) this.held = undefined;
    this.release();
    clearTimeout(this.pausing);
  }

  /** Forgets what was held back: something newer has been told otherwise. */
  forget(): void {
    this.held = undefined;
  }

  private release(): void {
    this.pausing = undefined;
    if (this.held === undefined) return;
    const { value } = this.held;
    this.held = undefined;
    this.tell(value);
    this.pausing = setTimeout(() => this.release(), this.pause).unref();
  }
}
