/**
 * The directories above a file, nearest first, each with its slash: `cdn.example/a/b/1.ts` lies in `cdn.example/a/b/`
 * and `cdn.example/a/`. The host's own root is left out: a playlist there would own everything on its host.
 * @param mediaKey host and path
 */
export function playlistDirectories(mediaKey: string): string[] {
  const directories: string[] = [];
  const root = mediaKey.indexOf('/');
  for (let end = mediaKey.lastIndexOf('/'); end > root; end = mediaKey.lastIndexOf('/', end - 1))
    directories.push(mediaKey.slice(0, end + 1));
  return directories;
}
