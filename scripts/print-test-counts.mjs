/**
 * Prints what Jest counted as one line, `N passed, N failed, N skipped`, from the file that `--json --outputFile` wrote.
 * A spec file that could not be loaded counts as one failed test; so does a run that left no file.
 */
import { existsSync, readFileSync } from 'node:fs';

const [path = ''] = process.argv.slice(2);
const counts = existsSync(path)
  ? JSON.parse(readFileSync(path, 'utf8'))
  : {
      numPassedTests: 0,
      numFailedTests: 1,
      numRuntimeErrorTestSuites: 0,
      numPendingTests: 0,
      numTodoTests: 0,
    };
const failed = counts.numFailedTests + counts.numRuntimeErrorTestSuites;
const skipped = counts.numPendingTests + counts.numTodoTests;
console.log(`${counts.numPassedTests} passed, ${failed} failed, ${skipped} skipped`);
