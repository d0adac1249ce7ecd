import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Settings } from '@lib/config';
import { SingleBar } from 'cli-progress';
import { secretsDirectory } from '../embedded/installation-keys.js';
import { keepSecretFile, readSecretFile } from '../keep-secret-file.js';
import { abandonDemo, createDemo, type DemoNetwork } from './create-demo.js';
import { keepDemoPlan } from './demo-plan.js';

/**
 * The demo network of an installation: created at the first start, remembered in `.data/secrets/demo.json` since. A start
 * that was interrupted meanwhile has left its plan beside it, and the next one finishes what it began.
 */
export async function keepDemo(
  settings: Settings,
  dataDir: string,
  say: (line: string) => void,
): Promise<DemoNetwork> {
  const path = join(secretsDirectory(dataDir), 'demo.json');
  const kept = (await readSecretFile(path)) as DemoNetwork | undefined;
  if (kept !== undefined) return kept;
  const planPath = join(secretsDirectory(dataDir), 'demo-plan.json');
  const plan = await keepDemoPlan(planPath, (given) => abandonDemo(settings, given));
  say('Creating the demo network …');
  const bar = new SingleBar({
    format: '  [{bar}] {percentage} %',
    hideCursor: true,
    clearOnComplete: true,
    noTTYOutput: false,
  });
  let total: number | undefined;
  try {
    const demo = await createDemo({
      settings,
      plan,
      onProgress: (done, of) => {
        if (total === undefined) bar.start(of, done);
        total = of;
        bar.update(done);
      },
    });
    const network = (await keepSecretFile(path, demo)) as DemoNetwork;
    await rm(planPath, { force: true });
    return network;
  } finally {
    bar.stop();
  }
}
