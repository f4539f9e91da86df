const [verb, ...words] = process.argv.slice(2);

// A shell that completes a word waits for it: nothing is loaded that it does not need.
if (verb === 'complete')
  void import('./commands/complete/main.ts').then(({ complete }) => complete(words, process.cwd(), (text) => process.stdout.write(text)));
else void import('./commands/start.ts').then(({ start }) => start());
