import type { Deps } from '#server/base/deps.ts';
import { jobPayloads, type JobName, type JobPayload } from '#server/base/job-payloads.ts';
import type { JobHandlers, JobOptions, Jobs } from '#server/base/queue.ts';
import { jobHandlers } from '#server/jobs.ts';

interface WaitingJob {
  name: JobName;
  payload: unknown;
  options: JobOptions;
}

/** The queue without a clock: jobs wait until a test drains them; delays are kept but not waited for. */
export class InlineJobs implements Jobs {
  waiting: WaitingJob[] = [];
  #handlers: JobHandlers | undefined;

  bind(deps: Deps): void {
    this.#handlers = jobHandlers(deps);
  }

  clear(): void {
    this.waiting = [];
  }

  async add<Name extends JobName>(name: Name, payload: JobPayload<Name>, options: JobOptions = {}): Promise<void> {
    jobPayloads[name].parse(payload);
    const waiting = this.waiting.find(
      (job) => options.key !== undefined && job.name === name && job.options.key === options.key,
    );
    if (!waiting) this.waiting.push({ name, payload, options });
    else if (options.moves) waiting.options = options;
  }

  async addAll<Name extends JobName>(
    name: Name,
    items: { payload: JobPayload<Name>; options?: JobOptions }[],
  ): Promise<void> {
    for (const { payload, options } of items) await this.add(name, payload, options);
  }

  /** Runs what waits, and what that adds, until nothing is left. */
  async drain(): Promise<void> {
    while (this.waiting.length > 0) await this.runNext();
  }

  /** Runs the job that has waited longest. */
  async runNext(): Promise<void> {
    const job = this.waiting.shift();
    if (!job) return;
    if (!this.#handlers) throw new Error('These jobs are not bound to a world.');
    await (this.#handlers[job.name] as (payload: unknown) => Promise<void>)(job.payload);
  }
}
