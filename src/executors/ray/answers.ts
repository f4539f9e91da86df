import type { Problem } from '../../model/problem.ts';
import type { Answer } from './api.ts';

/** Whether Ray says that it has a job of this name: a first answer to its submission was lost. It says so by an error and a traceback. */
export function isTaken({ status, text }: Answer): boolean {
  return status >= 400 && /submission_id \S+ already exists/.test(text);
}

/** Whether an answer passes: nobody is there just now, or whoever is cannot work yet. */
export function passes({ status, text }: Answer): boolean {
  // What one of its parts refuses, Ray's head tells as a failure of its own.
  return status === 0 || status === 429 || (status >= 500 && !/status code 4\d\d/.test(text));
}

/** The words of an answer that say what is wrong: of a traceback its last error. */
export function saidBy({ status, text }: Answer): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => !/^[.\s]*$/.test(line));
  const error = lines.map((line) => /^(?:\w+\.)*\w*(?:Error|Exception): (.+)$/.exec(line)?.[1]).findLast((one) => one !== undefined);
  const said = error ?? (text.startsWith('<') ? undefined : lines.at(-1));
  if (said === undefined) return `it answered ${status}`;
  return said.length > LONGEST ? `${said.slice(0, LONGEST)}…` : said;
}

/** Characters of what Ray says that are told. */
const LONGEST = 300;

/** What is wrong with an answer that is none of Ray's, or refuses. */
function wrongWith(answer: Answer, address: string): { readonly message: string; readonly hint: string } {
  const correct = 'correct address: of the executor in stillroom.yaml';
  switch (answer.status) {
    case 0:
      return {
        message: `no Ray answers at ${address} (${saidBy(answer)})`,
        hint: `${correct}, or start Ray with its dashboard, which takes jobs: pip install 'ray[default]'; ray start --head --dashboard-host=0.0.0.0`,
      };
    case 401:
    case 403:
      return {
        message: `Ray at ${address} lets nobody in without its token (${saidBy(answer)})`,
        hint: 'set RAY_AUTH_TOKEN, or RAY_AUTH_TOKEN_PATH to the file that holds it; headers for a proxy stand in RAY_JOB_HEADERS',
      };
    case 404:
      return {
        message: `what answers at ${address} knows no jobs of Ray`,
        hint: `${correct}; the dashboard of Ray is at http://HOST:8265, unless it was started with another port`,
      };
    case 405:
      return {
        message: `Ray at ${address} takes these requests for those of a browser (${saidBy(answer)})`,
        hint: 'a proxy before it adds headers of browsers: give the address of Ray itself',
      };
    case 500:
    case 502:
    case 503:
    case 504:
      return {
        message: `Ray at ${address} cannot answer: ${saidBy(answer)}`,
        hint: 'run it again; if that stays, the log of its dashboard says more (dashboard.log below its temporary folder)',
      };
    default:
      return { message: `Ray at ${address} refuses: ${saidBy(answer)}`, hint: 'correct the settings of the executor in stillroom.yaml' };
  }
}

/** What is wrong where Ray does not answer as it should, or refuses. `who` asked it. */
export function refused(who: string, answer: Answer, address: string): Problem {
  if (answer.status === 200 || (answer.status >= 300 && answer.status < 400)) return refused(who, { status: 404, text: '' }, address);
  const { message, hint } = wrongWith(answer, address);
  return { kind: 'usage', code: 'cluster-refused', message: `${who}: ${message}`, hint };
}
