/** `npm run podcast -- <command>`: builds when the sources are newer, then runs the command in this process. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`Node.js 20.19 or newer is needed; this is ${process.versions.node}.\n`);
  process.exit(1);
}

// Loaded only now, because an older Node.js would fail on them with a message that explains nothing.
const { buildWhenStale } = await import('./build-when-stale.mjs');
buildWhenStale();
await import(new URL('../dist/apps/cli/src/main.js', import.meta.url).href);
