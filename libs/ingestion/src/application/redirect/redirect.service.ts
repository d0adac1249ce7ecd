import { Injectable } from '@nestjs/common';
import { PREFIX_HOSTS } from '@lib/catalog';
import { Settings } from '@lib/config';
import { readRedirectTarget, type RedirectTarget } from '../../domain/redirect/read-redirect-target.js';
import { splitRedirectUrl } from '../../domain/redirect/split-redirect-url.js';
import { PublicDirectory, type Place } from './public-directory.js';

/** Where a request is sent, and under which handle. */
export interface Redirect extends RedirectTarget {
  readonly handle: string;
}

/** Decides where requests to `/r/{handle}/…` are sent. Answers from memory; what memory does not know is asked for once. */
@Injectable()
export class RedirectService {
  constructor(
    private readonly directory: PublicDirectory,
    private readonly settings: Settings,
  ) {}

  /**
   * @param requestTarget as the client sent it
   * @param reachedAs the host name, without port, by which the client reached us
   * @returns undefined when there is no such handle, or its podcast has no files there
   */
  async resolve(requestTarget: string, reachedAs: string): Promise<Redirect | undefined> {
    const parts = splitRedirectUrl(requestTarget);
    if (parts === undefined) return undefined;
    const { handle, destination } = parts;
    const place =
      this.directory.find('redirect', handle) ?? (await this.directory.lookUp('redirect', handle));
    if (place === undefined) return undefined;
    const target =
      this.read(destination, place, reachedAs) ?? (await this.readAgain(destination, place, reachedAs));
    return target && { ...target, handle };
  }

  private read(destination: string, { hosts }: Place, reachedAs: string): RedirectTarget | undefined {
    const own = new Set([...this.settings.trackingHosts, reachedAs.toLowerCase()]);
    return readRedirectTarget(destination, { registered: hosts, prefixes: PREFIX_HOSTS, own });
  }

  /** The host may have been registered a moment ago. */
  private async readAgain(
    destination: string,
    place: Place,
    reachedAs: string,
  ): Promise<RedirectTarget | undefined> {
    const newer = await this.directory.recheck(place);
    return newer && this.read(destination, newer, reachedAs);
  }
}
