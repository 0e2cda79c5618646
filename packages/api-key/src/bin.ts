#!/usr/bin/env node
import { runCommand } from "./command.ts";

try {
  process.stdout.write(await runCommand(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
