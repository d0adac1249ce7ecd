/** A command could not do what was asked. The message is for the person who typed it; no stack is shown. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}
