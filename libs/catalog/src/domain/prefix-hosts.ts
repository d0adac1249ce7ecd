/**
 * Public measurement prefixes, and how many path segments stand between host and target in their addresses
 * (`chrt.fm/track/<id>/<target>`: 2). A change of this list changes which host an episode is known by.
 */
export const PREFIX_HOSTS: ReadonlyMap<string, number> = new Map([
  ['op3.dev', 1],
  ['podtrac.com', 1],
  ['www.podtrac.com', 2],
  ['dts.podtrac.com', 1],
  ['play.podtrac.com', 1],
  ['pdst.fm', 1],
  ['chrt.fm', 2],
  ['chtbl.com', 2],
  ['www.chtbl.com', 2],
  ['pscrb.fm', 2],
  ['verifi.podscribe.com', 2],
  ['mgln.ai', 2],
  ['prfx.byspotify.com', 1],
  ['claritaspod.com', 1],
  ['clrtpod.com', 1],
  ['arttrk.com', 2],
  ['pdcn.co', 1],
  ['pdrl.fm', 1],
  ['pfx.vpixl.com', 1],
  ['tracking.swap.fm', 2],
  ['media.blubrry.com', 1],
  ['p.podderapp.com', 1],
  ['2.gum.fm', 0],
  ['growx.podkite.com', 0],
]);
