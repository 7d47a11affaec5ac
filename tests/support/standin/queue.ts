import { randomBytes } from "node:crypto";
import type { Redis } from "ioredis";

/** One job as it lies in Redis, in Sidekiq's own form. */
export interface Job {
  readonly class: string;
  readonly queue: string;
  readonly args: readonly string[];
  readonly jid: string;
  readonly retry_count?: number;
}

/** Puts a job at the tail of its queue, from where sidekiq takes it. */
export async function enqueue(
  redis: Redis,
  queue: string,
  worker: string,
  args: readonly string[],
): Promise<void> {
  const job: Job = { class: worker, queue, args, jid: randomBytes(12).toString("hex") };
  await redis.sadd("queues", queue);
  await redis.lpush(`queue:${queue}`, JSON.stringify(job));
}
