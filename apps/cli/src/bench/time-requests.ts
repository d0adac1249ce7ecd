import { Agent, request } from 'node:http';

/**
 * Asks for `url` again and again over one connection, each time when the answer before has come.
 * @returns milliseconds of each answer
 * @throws Error for any answer but 302
 */
export async function timeRequests(url: string, requests: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const elapsed: number[] = [];
  try {
    for (let n = 0; n < requests; n += 1) {
      const startedAt = performance.now();
      const status = await ask(agent, url, n);
      elapsed.push(performance.now() - startedAt);
      if (status !== 302) throw new Error(`${url} answered ${status}`);
    }
  } finally {
    agent.destroy();
  }
  return elapsed;
}

function ask(agent: Agent, url: string, n: number): Promise<number> {
  const headers = { 'user-agent': `WalkRadio/${n % 50}.0 (bench)`, 'x-playback-session-id': String(n) };
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end();
  });
}
