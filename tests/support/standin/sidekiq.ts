import { randomBytes } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { Pool } from "pg";
import { openPool, openRedis } from "./connections";
import { columnKeyring, type Keyring } from "./encryption";
import { BootError, readEnvironment, type Environment } from "./environment";
import { home } from "./home";
import { log, messageOf } from "./log";
import type { Job } from "./queue";
import { findStatus } from "./statuses";
import { drawOrder, parseSidekiqArguments, type WeightedQueue } from "./weightedQueues";

/** How long running jobs may take to end after SIGTERM, in milliseconds: Sidekiq's own default. */
const drainTime = 25_000;
const fetchSeconds = 2;
const retryLimit = 25;

/** `sidekiq [-c N] [-q NAME[,WEIGHT]]…`: works until SIGTERM. Needs Redis to start. */
export async function sidekiq(args: readonly string[]): Promise<void> {
  const environment = readEnvironment(process.env);
  const { queues, concurrency = environment.sidekiqConcurrency } = parseSidekiqArguments(args);
  const redis = openRedis(process.env);
  await checkServer(redis);
  const worker = new Worker(environment, redis, queues, concurrency);
  await worker.start();
  process.on("SIGTSTP", () => worker.quiet());
  const end = (): void => void worker.end().then(() => process.exit(0));
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
}

/** @throws BootError below Redis 7, or the connection's own error */
async function checkServer(redis: Redis): Promise<void> {
  const version = /redis_version:(\S+)/.exec(await redis.info("server"))?.[1] ?? "0";
  if (Number.parseInt(version, 10) < 7) {
    throw new BootError(
      `You are connecting to Redis ${version}, Sidekiq requires Redis 7.0.0 or greater`,
    );
  }
  const policy = /maxmemory_policy:(\S+)/.exec(await redis.info("memory"))?.[1];
  if (policy !== "noeviction") {
    log(
      "sidekiq",
      "WARNING: Your Redis instance will evict Sidekiq data under heavy load. The 'noeviction' maxmemory policy is recommended",
    );
  }
}

class Worker {
  private readonly pool: Pool;
  private readonly keyring: Keyring;
  private readonly identity = `${hostname()}:${process.pid}:${randomBytes(6).toString("hex")}`;
  private readonly readyFile = path.join(
    home,
    "tmp",
    process.env.MASTODON_SIDEKIQ_READY_FILENAME ?? "",
  );
  private threads: Promise<void>[] = [];
  private timers: NodeJS.Timeout[] = [];
  private busy = 0;
  private fetching = true;

  constructor(
    private readonly environment: Environment,
    private readonly redis: Redis,
    private readonly queues: readonly WeightedQueue[],
    private readonly concurrency: number,
  ) {
    this.pool = openPool(process.env, concurrency);
    this.keyring = columnKeyring(environment);
  }

  async start(): Promise<void> {
    this.showTitle();
    await this.beat();
    this.timers = [
      setInterval(() => void this.beat().catch(complain), 10_000),
      setInterval(() => void this.wakeRetries().catch(complain), 5_000),
    ];
    this.threads = Array.from({ length: this.concurrency }, () => this.work());
    if (process.env.MASTODON_SIDEKIQ_READY_FILENAME) await writeFile(this.readyFile, "");
    log(
      "sidekiq",
      `Started (stand-in for Mastodon), ${this.concurrency} threads, queues: ${this.queues.map(({ name }) => name).join(", ")}`,
    );
  }

  /** Asked anew after every wait, since a signal may have come meanwhile. */
  private isFetching(): boolean {
    return this.fetching;
  }

  /** Takes no further job. */
  quiet(): void {
    this.fetching = false;
    log("sidekiq", "No longer accepting new work");
  }

  /** Lets running jobs end, then leaves. */
  async end(): Promise<void> {
    this.quiet();
    this.timers.forEach((timer) => clearInterval(timer));
    await this.drain();
    await rm(this.readyFile, { force: true });
    if (this.redis.status === "ready") {
      const goodbye = this.redis.multi().srem("processes", this.identity).del(this.identity);
      await goodbye.exec().catch(complain);
    }
    log("sidekiq", "Bye!");
  }

  /** Waits for the last fetches, which answer no more if Redis is gone, and then for what still runs. */
  private async drain(): Promise<void> {
    const deadline = Date.now() + drainTime;
    await Promise.race([Promise.all(this.threads), sleep(fetchSeconds * 1_000 + 500)]);
    while (this.busy > 0 && Date.now() < deadline) await sleep(100);
  }

  /** One thread: a blocking connection of its own, one job at a time. */
  private async work(): Promise<void> {
    const connection = openRedis(process.env, null);
    while (this.isFetching()) {
      try {
        const order = drawOrder(this.queues).map((name) => `queue:${name}`);
        const taken = await connection.brpop(order, fetchSeconds);
        if (taken === null) continue;
        if (this.isFetching()) await this.run(taken[1]);
        else await connection.rpush(taken[0], taken[1]);
      } catch (error) {
        complain(error);
        await sleep(1_000);
      }
    }
    connection.disconnect();
  }

  private async run(text: string): Promise<void> {
    const job = JSON.parse(text) as Job;
    this.busy += 1;
    this.showTitle();
    try {
      await this.perform(job);
      await this.redis.incr("stat:processed");
    } catch (error) {
      log("sidekiq", `class=${job.class} jid=${job.jid} fail: ${messageOf(error)}`);
      await this.retry(job);
    } finally {
      this.busy -= 1;
      this.showTitle();
    }
  }

  private async perform({ class: name, args, jid }: Job): Promise<void> {
    if (name === "DistributionWorker") await this.distribute(args[0] ?? "");
    else if (name !== "TriggerWebhookWorker")
      throw new Error(`uninitialized constant ${name} (NameError)`);
    log("sidekiq", `class=${name} jid=${jid} done`);
  }

  /** Puts a new status into its author's home feed, and announces it to whoever streams. */
  private async distribute(statusId: string): Promise<void> {
    const status = await findStatus(this.pool, this.environment.webDomain, statusId);
    // Deleted meanwhile: nothing is left to do.
    if (status === undefined) return;
    const { id: accountId } = status.account;
    const { rows } = await this.pool.query<{ private_key: string }>(
      "SELECT private_key FROM keypairs WHERE account_id = $1",
      [accountId],
    );
    this.keyring.open(rows[0]?.private_key ?? "");
    await this.pool.query("INSERT INTO home_feed_entries VALUES ($1, $2) ON CONFLICT DO NOTHING", [
      accountId,
      statusId,
    ]);
    const message = JSON.stringify({ event: "update", payload: status });
    const channels = [
      `timeline:${accountId}`,
      ...(status.visibility === "public" ? ["timeline:public", "timeline:public:local"] : []),
    ];
    for (const channel of channels) await this.redis.publish(channel, message);
  }

  private async retry(job: Job): Promise<void> {
    await this.redis.incr("stat:failed");
    const count = (job.retry_count ?? -1) + 1;
    const list = count < retryLimit ? "retry" : "dead";
    const delaySeconds = count ** 4 + 15;
    await this.redis.zadd(
      list,
      Date.now() / 1_000 + delaySeconds,
      JSON.stringify({ ...job, retry_count: count }),
    );
  }

  /** Moves jobs whose time has come back to their queues. */
  private async wakeRetries(): Promise<void> {
    for (const text of await this.redis.zrangebyscore("retry", "-inf", Date.now() / 1_000)) {
      // Only one process wins the removal, so the job runs once.
      if ((await this.redis.zrem("retry", text)) === 1)
        await this.redis.lpush(`queue:${(JSON.parse(text) as Job).queue}`, text);
    }
  }

  /** Tells the others which queues have a consumer; forgotten after a minute of silence. */
  private async beat(): Promise<void> {
    const info = {
      hostname: hostname(),
      concurrency: this.concurrency,
      queues: this.queues.map(({ name }) => name),
    };
    await this.redis
      .multi()
      .sadd("processes", this.identity)
      .hset(this.identity, {
        info: JSON.stringify(info),
        busy: this.busy,
        beat: Date.now() / 1_000,
      })
      .expire(this.identity, 60)
      .exec();
  }

  private showTitle(): void {
    process.title = `sidekiq 8.1.6 mastodon [${this.busy} of ${this.concurrency} busy]`;
  }
}

const complain = (error: unknown): void => log("sidekiq", messageOf(error));
