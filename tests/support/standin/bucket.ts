import { spawn } from "node:child_process";

type Variables = Readonly<Record<string, string | undefined>>;

export const hasBucket = (env: Variables = process.env): boolean => env["S3_ENABLED"] === "true";

/** What stands before the path of a file, as the original writes it (`config/initializers/paperclip.rb`). */
export function mediaBase(webDomain: string, env: Variables = process.env): string {
  if (!hasBucket(env)) return `https://${webDomain}/system`;
  const { S3_PROTOCOL = "https", S3_HOSTNAME = "", S3_BUCKET = "", S3_ALIAS_HOST } = env;
  return `${S3_PROTOCOL}://${S3_ALIAS_HOST ?? `${S3_HOSTNAME}/${S3_BUCKET}`}`;
}

/** The library that the original stores by, with the settings that it gives it. */
const program = `
require "aws-sdk-s3"
acl = ENV.fetch("S3_PERMISSION", "public-read")
Aws::S3::Client.new(
  endpoint: ENV.fetch("S3_ENDPOINT"),
  region: ENV.fetch("S3_REGION"),
  force_path_style: ENV["S3_OVERRIDE_PATH_STYLE"] != "true",
  access_key_id: ENV.fetch("AWS_ACCESS_KEY_ID"),
  secret_access_key: ENV.fetch("AWS_SECRET_ACCESS_KEY"),
  retry_limit: 0
).put_object({
  bucket: ENV.fetch("S3_BUCKET"),
  key: ARGV[0],
  content_type: ARGV[1],
  cache_control: "public, max-age=315576000, immutable",
  body: STDIN.binmode.read,
  acl: acl.empty? ? nil : acl
}.compact)
`;

/** Puts an upload into the bucket. @throws with what the library says */
export function putInBucket(key: string, type: string, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("ruby", ["-e", program, key, type], { stdio: ["pipe", "ignore", "pipe"] });
    const errors: Buffer[] = [];
    child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
    child.stdin.on("error", () => undefined);
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`the bucket did not take it: ${Buffer.concat(errors).toString()}`));
    });
    child.stdin.end(bytes);
  });
}
