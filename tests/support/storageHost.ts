import { docker, linesOf, run, until } from "./commands";
import type { TestbedAddress } from "./testbed";

/** Who owns the storage. The id is no secret; the secret is one that is easily found where it should not be. */
export const storageKey = { id: "mastodon-media", secret: "velvet-harbour-lantern-58" } as const;

/** In the network namespace of the tests, and nowhere else. */
export const storageAddress = "192.0.2.90";
const port = 9900;
const container = "storage";

/** What everybody may do with a bucket. */
type Openness = "closed" | "readable" | "listable";

/** A program in Ruby, by the library that Mastodon uses. */
const client = `
require "aws-sdk-s3"
s3 = Aws::S3::Client.new(
  endpoint: ENV.fetch("ENDPOINT"), region: "us-east-1", force_path_style: true,
  access_key_id: ENV.fetch("KEY_ID"), secret_access_key: ENV.fetch("KEY_SECRET")
)
`;

/** A real S3-compatible server, MinIO, beside the instance and reached from its containers. */
export class StorageHost {
  /** As the containers reach it, without a slash at its end. */
  readonly endpoint = `http://${storageAddress}:${port}`;

  private constructor(
    private readonly testbed: TestbedAddress,
    /** An image that holds Ruby and the library. */
    private readonly ruby: string,
  ) {}

  static async open(testbed: TestbedAddress, ruby: string): Promise<StorageHost> {
    await run("ip", ["address", "add", `${storageAddress}/32`, "dev", "lo"]);
    const host = new StorageHost(testbed, ruby);
    await host.start();
    return host;
  }

  /** @param region what the server says that it is in; default: it takes any */
  async start(region = ""): Promise<void> {
    await docker(this.testbed.endpoint, ["rm", "--force", container], { mayFail: true });
    await docker(this.testbed.endpoint, [
      ...["run", "--detach", `--name=${container}`, "--network=host", "--volume=storage:/data"],
      ...[`--env=MINIO_ROOT_USER=${storageKey.id}`],
      ...[`--env=MINIO_ROOT_PASSWORD=${storageKey.secret}`],
      ...["--env=MINIO_BROWSER=off", `--env=MINIO_SITE_REGION=${region}`],
      ...[this.testbed.storage.minio, "server", `--address=:${port}`, "--quiet", "/data"],
    ]);
    await until("the storage answers", 120_000, async () => {
      const answer = await fetch(`${this.endpoint}/minio/health/live`).catch(() => undefined);
      return answer?.ok === true;
    }).catch(async (error: unknown) => {
      const { stdout, stderr } = await docker(this.testbed.endpoint, ["logs", container]);
      throw new Error(`${String(error)}\n${stdout}${stderr}`);
    });
  }

  async close(): Promise<void> {
    await docker(this.testbed.endpoint, ["rm", "--force", container], { mayFail: true });
    await docker(this.testbed.endpoint, ["volume", "rm", "storage"], { mayFail: true });
    await run("ip", ["address", "delete", `${storageAddress}/32`, "dev", "lo"], { mayFail: true });
  }

  async createBucket(name: string, openness: Openness): Promise<void> {
    const allow = (action: string, resource: string): object => ({
      Effect: "Allow",
      Principal: { AWS: ["*"] },
      Action: [action],
      Resource: [`arn:aws:s3:::${resource}`],
    });
    const statements = [
      ...(openness === "closed" ? [] : [allow("s3:GetObject", `${name}/*`)]),
      ...(openness === "listable" ? [allow("s3:ListBucket", name)] : []),
    ];
    const policy = JSON.stringify({ Version: "2012-10-17", Statement: statements });
    const open = "s3.put_bucket_policy(bucket: ARGV[0], policy: ARGV[1])";
    await this.run(
      `s3.create_bucket(bucket: ARGV[0])\n${statements.length === 0 ? "" : open}`,
      name,
      policy,
    );
  }

  /** The keys of all that is in a bucket. */
  async list(bucket: string): Promise<string[]> {
    const each =
      "s3.list_objects_v2(bucket: ARGV[0]).each { |page| page.contents.each { |one| puts one.key } }";
    return linesOf(await this.run(each, bucket)).sort();
  }

  /** How many objects there are, asked of the server's disk, which is quicker. */
  async count(bucket: string): Promise<number> {
    const find = `find /data/${bucket} -name xl.meta | wc -l`;
    const args = ["exec", container, "sh", "-c", find];
    return Number((await docker(this.testbed.endpoint, args)).stdout);
  }

  /** Puts something under a name that is taken already. */
  async overwrite(bucket: string, key: string, text: string): Promise<void> {
    await this.run(
      "s3.put_object(bucket: ARGV[0], key: ARGV[1], body: ARGV[2])",
      bucket,
      key,
      text,
    );
  }

  private async run(program: string, ...args: readonly string[]): Promise<string> {
    const { stdout } = await run(
      "docker",
      [
        ...["--host", this.testbed.endpoint, "run", "--rm", "--network=host"],
        ...["--env=ENDPOINT", "--env=KEY_ID", "--env=KEY_SECRET", "--entrypoint=ruby"],
        ...[this.ruby, "-e", client + program, ...args],
      ],
      {
        env: {
          ...process.env,
          ENDPOINT: this.endpoint,
          KEY_ID: storageKey.id,
          KEY_SECRET: storageKey.secret,
        },
      },
    );
    return stdout;
  }
}
