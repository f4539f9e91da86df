import { memberOf } from './thrown.ts';

/** Calls by which a program reaches the network, as Node's errors name them. */
const CALLS = /^(?:connect|listen|bind|send|getaddrinfo|getnameinfo|query[A-Z]\w*|gethostbyaddr)$/;

/** Causes that are followed. */
const DEEPEST = 8;

/** Whether something thrown says, itself or by its causes, that the network was not to be reached. */
export function isOfNetwork(thrown: unknown, depth = 0): boolean {
  if (thrown === null || typeof thrown !== 'object' || depth > DEEPEST) return false;
  const call = memberOf(thrown, 'syscall');
  if (typeof call === 'string' && CALLS.test(call)) return true;
  const errors = memberOf(thrown, 'errors');
  return [memberOf(thrown, 'cause'), ...(Array.isArray(errors) ? errors.slice(0, DEEPEST) : [])].some((one) => isOfNetwork(one, depth + 1));
}
