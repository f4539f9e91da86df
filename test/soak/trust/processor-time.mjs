import { writeFileSync } from 'node:fs';

// Loaded before a program: says at its end what it took, in milliseconds of the processor and MiB of memory.
process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  writeFileSync(
    process.env['TAKEN_FILE'] ?? '',
    JSON.stringify({ milliseconds: (userCPUTime + systemCPUTime) / 1000, mebibytes: maxRSS / 1024 }),
  );
});
