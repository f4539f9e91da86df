/** What a user has to put right before pictures can be labelled: the message says what is wrong. It is known by its name. */
export class PredictionProblem extends Error {
  override readonly name = 'PredictionProblem';
  readonly hint: string | undefined;
  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}
