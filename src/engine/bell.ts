/** Wakes one who waits for news: something to do, or what went wrong meanwhile. What came while nobody waited is not lost. */
export class Bell {
  private news: { readonly bug?: unknown } | undefined;
  private wake: () => void = () => undefined;

  ring(): void {
    this.tell({});
  }

  /** What was thrown is thrown to the one who waits. */
  fail(bug: unknown): void {
    this.tell({ bug });
  }

  /** Resolves when it has rung since the last time. */
  async heard(): Promise<void> {
    if (this.news === undefined)
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    const { news } = this;
    this.news = undefined;
    if (news !== undefined && 'bug' in news) throw news.bug;
  }

  private tell(news: { readonly bug?: unknown }): void {
    this.news = { ...this.news, ...news };
    this.wake();
  }
}
