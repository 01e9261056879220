import { setTimeout as sleep } from 'node:timers/promises';
import type { Call } from '#tests/support/journey.ts';
import type { Random } from '#tests/support/random.ts';

/** Who tries again until there is an answer, as people do. */
export class Persistent {
  failures = 0;
  protected readonly url: string;
  protected readonly random: Random;

  constructor(url: string, random: Random) {
    this.url = url;
    this.random = random;
  }

  /** What a call that is taken is answered with. */
  protected async answer<Answer>(call: Call, method: string, address: string, body?: object): Promise<Answer> {
    const { status, answer } = await this.insist(call, method, address, body);
    if (status >= 300) throw new Error(`${method} ${address} was answered with ${status}: ${JSON.stringify(answer)}`);
    return answer as Answer;
  }

  /** Until there is an answer that is one. */
  protected async insist(
    call: Call,
    method: string,
    address: string,
    body?: object,
  ): Promise<{ status: number; answer: unknown; error: string }> {
    for (;;) {
      try {
        const response = await call(method, address, body);
        const answer = (await response.json()) as { error?: { code: string } };
        if (response.status < 500) return { status: response.status, answer, error: answer.error?.code ?? '' };
      } catch {
        this.failures += 1;
      }
      await sleep(100 + this.random.below(200));
    }
  }

  async control<Answer>(name: string, body?: object): Promise<Answer> {
    const response = await fetch(`${this.url}/sandbox/api/${name}`, {
      method: body ? 'POST' : 'GET',
      ...(body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {}),
    });
    if (!response.ok) throw new Error(`The sandbox answered ${name} with ${response.status}: ${await response.text()}`);
    return (await response.json()) as Answer;
  }
}
