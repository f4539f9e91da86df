import type { Errand } from '../../model/store.ts';

/** A disk that is full or cannot be read is told of when the run itself meets it; here it costs what is fetched or shared. */
export async function unlessDiskFails<Value>({ notice }: Errand, act: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await act();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined || !/^E[A-Z]+$/.test(code)) throw error;
    notice(`a result could not be exchanged with the remotes: ${message}`);
    return undefined;
  }
}
