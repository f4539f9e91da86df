/** Arithmetic on numbers and tables that a graph computes, whichever program runs it. Tables and numbers are broadcast to each other. */
export interface Algebra<Value> {
  number(value: number): Value;
  /** 0, 1, 2 … as a column of that many rows. */
  column(length: number): Value;
  /** 0, 1, 2 … as a row of that many columns. */
  row(length: Value): Value;
  compute(operation: 'add' | 'subtract' | 'multiply' | 'divide' | 'smaller' | 'larger', a: Value, b: Value): Value;
  apply(operation: 'floor' | 'absolute' | 'sine', x: Value): Value;
  /** 1 where the first is below the second, else 0. */
  below(a: Value, b: Value): Value;
  /** The sum of each row, as a column. */
  rowSums(table: Value): Value;
}
