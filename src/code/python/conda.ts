/** What to do in place of an environment of Conda, which is not built. */
export const INSTEAD_OF_CONDA: string =
  'environments of Conda are not built: write its Python packages into a requirements.txt; or name those that count by what tells them: tools: [{ run: conda list --explicit }]';
