import { readDrillOptions } from './drill-options.js';
import { formatReport } from './print-report.js';
import { runDrill } from './run-drill.js';

const options = readDrillOptions(process.argv);
const say = (line: string) => void process.stdout.write(`${line}\n`);
const { seed, faultSeconds, mutant } = options;

say(`seed ${seed}, faults for ${faultSeconds} s${mutant === undefined ? '' : `, mutant ${mutant}`}`);
try {
  const report = await runDrill(options, say, (endAll) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => void endAll().finally(() => process.exit(2)));
    }
  });
  say(formatReport(report, options));
  process.exit(report.violations.broken.length === 0 ? 0 : 1);
} catch (error) {
  process.stderr.write(`the drill failed: ${String((error as Error).stack)}\n`);
  process.exit(2);
}
