/**
 * `npm start`: the whole product from nothing but Node.js.
 *
 * The command runs in this very process, so that a signal from a terminal or from a service manager reaches the
 * supervisor and nothing in between can outlive it. npm puts a shell between; the supervisor stops when that is gone.
 */
process.argv.splice(2, 0, 'start');
await import('./podcast.mjs');
