import type { StoredRequest } from '../domain/counted-request.js';
import { rekeyCarry, type WindowCarry } from '../domain/counting/window-carry.js';
import { idsOfToday } from './count-day.js';

/** Open windows that pass from one day to the next in memory. */
export class OpenCarry {
  private yesterday = new Map<string, WindowCarry[]>();
  private today = new Map<string, WindowCarry[]>();

  readonly windows = async (requests: readonly StoredRequest[]): Promise<WindowCarry[]> => {
    const todayOf = idsOfToday(requests);
    return rekeyCarry(
      [...todayOf.keys()].flatMap((id) => this.yesterday.get(id) ?? []),
      todayOf,
    );
  };

  keep(carry: readonly WindowCarry[]): void {
    for (const window of carry) {
      const known = this.today.get(window.listener);
      if (known === undefined) this.today.set(window.listener, [window]);
      else known.push(window);
    }
  }

  turn(): void {
    this.yesterday = this.today;
    this.today = new Map();
  }
}
