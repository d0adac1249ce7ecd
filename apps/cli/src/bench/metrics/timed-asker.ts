import { Agent, request } from 'node:http';

/** One connection to the API that asks and times, and does as little else as it can. */
export class TimedAsker {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(private readonly origin: string) {}

  /**
   * Milliseconds until the whole answer was there.
   * @throws Error for any answer but 200
   */
  ask(path: string, key: string): Promise<number> {
    const startedAt = performance.now();
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${key}` };
      const sent = request(`${this.origin}${path}`, { agent: this.agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const elapsed = performance.now() - startedAt;
          const text = Buffer.concat(chunks).toString();
          if (response.statusCode === 200) resolve(elapsed);
          else reject(new Error(`the API answered ${response.statusCode} ${text} to ${path}`));
        });
      });
      sent.on('error', reject);
      sent.end();
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
