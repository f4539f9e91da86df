/** The values of a list-form command's `$name` and `${name}`, filled in. No shell is involved. */
export function fillInArguments(args: readonly string[], variables: Readonly<Record<string, string>>): string[] {
  return args.map((text) =>
    text.replaceAll(/\$\$|\$\{([A-Za-z_]\w*)\}|\$([A-Za-z_]\w*)/g, (found, braced?: string, plain?: string) =>
      found === '$$' ? '$' : (variables[braced ?? plain ?? ''] ?? found),
    ),
  );
}

/** A param as a command sees it: texts as they are, lists and mappings as JSON. */
export function variableText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
