/**
 * Prints the tests that failed, each with the beginning of its message, and then what Jest counted as one line,
 * `N passed, N failed, N skipped`, from the file that `--json --outputFile` wrote: of a long log often only the end is
 * kept. A spec file that could not be loaded counts as one failed test; so does a run that left no file.
 */
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

const LINES_PER_FAILURE = 12;
const [path = ''] = process.argv.slice(2);
const counts = existsSync(path)
  ? JSON.parse(readFileSync(path, 'utf8'))
  : {
      numPassedTests: 0,
      numFailedTests: 1,
      numRuntimeErrorTestSuites: 0,
      numPendingTests: 0,
      numTodoTests: 0,
      testResults: [],
    };

for (const { name, message, assertionResults } of counts.testResults) {
  const failures = assertionResults.filter(({ status }) => status === 'failed');
  for (const { fullName, failureMessages } of failures) print(name, fullName, failureMessages.join('\n'));
  if (assertionResults.length === 0 && message) print(name, 'could not be loaded', message);
}

const failed = counts.numFailedTests + counts.numRuntimeErrorTestSuites;
const skipped = counts.numPendingTests + counts.numTodoTests;
console.log(`${counts.numPassedTests} passed, ${failed} failed, ${skipped} skipped`);

function print(file, test, message) {
  const lines = message.split('\n').slice(0, LINES_PER_FAILURE);
  console.log(`FAILED ${relative('.', file)}: ${test}\n${lines.map((line) => `  ${line}\n`).join('')}`);
}
