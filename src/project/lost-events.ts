import { systemErrorIn, systemMessage } from '../model/system-failure.ts';

/** Tells who watches that the file of events is not whole; what runs goes on without it. */
export function onLostEvents(
  tell: (notice: { readonly type: 'notice'; readonly level: 'warning'; readonly message: string }) => void,
): (error: unknown) => void {
  return (error) => {
    const found = systemErrorIn(error);
    if (found === undefined) throw error;
    const { message, hint } = systemMessage(found, 'the file of events');
    tell({ type: 'notice', level: 'warning', message: `the file of events is not whole, so reports lack curves: ${message}; ${hint}` });
  };
}
