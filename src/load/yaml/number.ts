/** The digits of a decimal number without zeros that say nothing, and where its point stands; undefined: it is no decimal. */
function parts(text: string): { readonly digits: string; readonly exponent: number } | undefined {
  const [, whole = '', fraction = '', power = '0'] = /^[-+]?(\d*)\.?(\d*)(?:[eE]([-+]?\d+))?$/.exec(text) ?? [];
  const all = whole + fraction;
  if (all === '') return undefined;
  const leading = /^0*/.exec(all)?.[0].length ?? 0;
  let end = all.length;
  while (end > leading && all[end - 1] === '0') end -= 1;
  const digits = all.slice(leading, end);
  return { digits, exponent: digits === '' ? 0 : whole.length - leading + Number(power) };
}

/** Characters of a number; what is longer holds more digits than any number keeps. */
const LONGEST = 1000;

/** Whether a number is not the very one that a decimal text writes: digits were rounded, it became 0, or 0 lost its sign. */
export function losesDigits(text: string, number: number): boolean {
  if (text.length > LONGEST) return true;
  const [written, read] = [parts(text), parts(String(number))];
  if (written === undefined || read === undefined) return false;
  if (number === 0 && text.startsWith('-')) return true;
  return written.digits !== read.digits || written.exponent !== read.exponent;
}
