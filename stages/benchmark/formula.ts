/** A formula that cannot be read, or names what there is not; the message points at the place. */
export class FormulaProblem extends Error {
  override readonly name = 'FormulaProblem';
}

const functions: Readonly<Record<string, (...values: number[]) => number>> = {
  min: Math.min,
  max: Math.max,
  sqrt: Math.sqrt,
  log: Math.log,
  exp: Math.exp,
};

const binary: Readonly<Record<string, { readonly power: number; readonly apply: (left: number, right: number) => number }>> = {
  '+': { power: 1, apply: (left, right) => left + right },
  '-': { power: 1, apply: (left, right) => left - right },
  '*': { power: 2, apply: (left, right) => left * right },
  '/': { power: 2, apply: (left, right) => left / right },
  '^': { power: 4, apply: (left, right) => left ** right },
};

/** How strongly a sign in front of a value binds: more than `*`, less than `^`. */
const signPower = 3;

/** Reads a formula once from left to right (precedence climbing) and computes it on the way. */
class Reader {
  readonly #tokens: readonly string[];
  readonly #values: Readonly<Record<string, number>>;
  readonly #text: string;
  #next = 0;

  constructor(text: string, values: Readonly<Record<string, number>>) {
    this.#text = text;
    this.#values = values;
    this.#tokens = text.match(/\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|\w+|[^\s\w]/g) ?? [];
  }

  read(): number {
    const value = this.#expression(0);
    if (this.#next < this.#tokens.length) this.#problem('an operator or the end');
    return value;
  }

  #expression(least: number): number {
    let left = this.#operand();
    for (;;) {
      const operator = binary[this.#tokens[this.#next] ?? ''];
      if (operator === undefined || operator.power < least) return left;
      const rightAssociative = this.#tokens[this.#next] === '^';
      this.#next++;
      left = operator.apply(left, this.#expression(rightAssociative ? operator.power : operator.power + 1));
    }
  }

  #operand(): number {
    const token = this.#tokens[this.#next] ?? '';
    if (token === '-') {
      this.#next++;
      return -this.#expression(signPower);
    }
    if (token === '(') {
      this.#next++;
      const value = this.#expression(0);
      this.#expect(')');
      return value;
    }
    if (/^\d/.test(token)) {
      this.#next++;
      return Number(token);
    }
    if (!/^\w+$/.test(token)) return this.#problem('a number, a name or (');
    return Object.hasOwn(functions, token) ? this.#call(token) : this.#value(token);
  }

  #call(name: string): number {
    this.#next++;
    this.#expect('(');
    const values = [this.#expression(0)];
    while (this.#tokens[this.#next] === ',') {
      this.#next++;
      values.push(this.#expression(0));
    }
    this.#expect(')');
    return (functions[name] as (...own: number[]) => number)(...values);
  }

  #value(name: string): number {
    const value = Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
    if (value === undefined)
      throw new FormulaProblem(`there is no ${name} in a formula; there are ${Object.keys(this.#values).join(', ')}`);
    this.#next++;
    return value;
  }

  #expect(token: string): void {
    if (this.#tokens[this.#next] !== token) this.#problem(token);
    this.#next++;
  }

  #problem(expected: string): never {
    throw new FormulaProblem(`${expected} is expected in "${this.#text}" instead of ${this.#tokens[this.#next] ?? 'its end'}`);
  }
}

/**
 * Computes a formula of numbers, names, + - * / ^, parentheses, min, max, sqrt, log and exp; `^` binds to the right and before a sign.
 * The result may be infinite or no number, as in any computation.
 * @throws FormulaProblem where it cannot be read or names an unknown value.
 */
export function evaluate(text: string, values: Readonly<Record<string, number>>): number {
  return new Reader(text, values).read();
}
