import type { DemoNetwork } from '../demo/create-demo.js';

export interface BannerFacts {
  version: string;
  apiOrigin: string;
  dataDir: string;
  embedded: boolean;
  demo: DemoNetwork | undefined;
}

/** What a newcomer needs to see when everything runs. */
export function renderBanner({ version, apiOrigin, dataDir, embedded, demo }: BannerFacts): string {
  const facts: [string, string][] = [
    ['API', apiOrigin],
    ['Explore it', `${apiOrigin}/api/docs`],
    ['Health', `${apiOrigin}/health`],
    ['Metrics', `${apiOrigin}/metrics`],
    ['Logs', `${dataDir}/logs`],
  ];
  if (demo !== undefined) facts.push(['Demo key', demo.key]);
  const lines = facts.map(([name, value]) => `  ${name.padEnd(12)}${value}`);
  const next =
    demo === undefined
      ? ['  Next: npm run podcast -- tenant create --name "My network"']
      : ['  Try it:', `  curl -s -H 'Authorization: Bearer ${demo.key}' '${apiOrigin}${demo.queryPath}'`];
  const end = embedded
    ? `  Ctrl-C stops everything. The data stays in ${dataDir}.`
    : '  Ctrl-C stops everything.';
  return ['', `  Podcast measurement ${version} is running.`, '', ...lines, '', ...next, '', end, ''].join(
    '\n',
  );
}
