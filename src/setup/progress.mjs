import { clearLine, cursorTo } from 'node:readline';

/**
 * Shows the steps of set-up on standard error: one repainted line a step on a terminal, elsewhere a line when a step begins, one every
 * ten seconds and one when it ends. Nothing is shown before the first step.
 *
 * @typedef {{ show: (text: string) => void, done: (text: string) => void, failed: () => void }} Step
 */

const frames = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';

/** @param {number} since */
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/**
 * @param {string} title
 * @param {NodeJS.WriteStream} [stream]
 * @returns {Step}
 */
export function startStep(title, stream = process.stderr) {
  const painted = stream.isTTY && process.env['TERM'] !== 'dumb';
  const started = performance.now();
  let text = '';
  let shownAt = started;
  let frame = 0;
  const paint = () => {
    if (painted) {
      const line = `${frames[frame++ % frames.length]} ${title}${text && `  ${text}`}  ${seconds(started)}`;
      cursorTo(stream, 0);
      stream.write(line.slice(0, (stream.columns || 80) - 1));
      clearLine(stream, 1);
    } else if (performance.now() - shownAt >= 10_000) {
      shownAt = performance.now();
      stream.write(`set-up: ${title}: ${text} (${seconds(started)})\n`);
    }
  };
  const timer = setInterval(paint, painted ? 100 : 1000).unref();
  if (painted) paint();
  else stream.write(`set-up: ${title} …\n`);
  /** @param {string} line */
  const end = (line) => {
    clearInterval(timer);
    if (painted) {
      cursorTo(stream, 0);
      clearLine(stream, 0);
    }
    stream.write(line);
  };
  return {
    show(next) {
      text = next;
    },
    done(result) {
      end(painted ? `✔ ${title}  ${result}  ${seconds(started)}\n` : `set-up: ${title}: ${result} (${seconds(started)})\n`);
    },
    failed() {
      end(painted ? `✖ ${title}  ${seconds(started)}\n` : `set-up: ${title}: failed (${seconds(started)})\n`);
    },
  };
}

/** Formats a number of bytes as whole megabytes.
 * @param {number} bytes
 */
export const megabytes = (bytes) => `${Math.round(bytes / 1e6)} MB`;
