import { fileURLToPath } from 'node:url';

/** Where Stillroom itself is installed (with `src`, `stages` and `pipelines` below it), with a slash at the end. */
export const installation: string = fileURLToPath(new URL('../../', import.meta.url));
