import { join } from 'node:path';
import type { Settings } from '@lib/config';
import { SingleBar } from 'cli-progress';
import { secretsDirectory } from '../embedded/installation-keys.js';
import { keepSecretFile, readSecretFile } from '../keep-secret-file.js';
import { createDemo, type DemoNetwork } from './create-demo.js';

/** The demo network of an installation: created at the first start, remembered in `.data/secrets/demo.json` since. */
export async function keepDemo(
  settings: Settings,
  dataDir: string,
  say: (line: string) => void,
): Promise<DemoNetwork> {
  const path = join(secretsDirectory(dataDir), 'demo.json');
  const kept = (await readSecretFile(path)) as DemoNetwork | undefined;
  if (kept !== undefined) return kept;
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
      onProgress: (done, of) => {
        if (total === undefined) bar.start(of, done);
        total = of;
        bar.update(done);
      },
    });
    return (await keepSecretFile(path, demo)) as DemoNetwork;
  } finally {
    bar.stop();
  }
}
