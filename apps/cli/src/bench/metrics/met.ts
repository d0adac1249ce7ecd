/** Says whether a figure is within its target: nothing is asserted. */
export function met(value: number, target: number): string {
  return value <= target ? 'met' : 'not met';
}
