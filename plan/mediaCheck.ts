import type { Config } from "./configSchema";
import { publicUrl } from "./environment";
import type { Environment } from "./environmentValue";
import { runMastodon, withRunningImage, type JobSpec } from "./jobs";
import { hasBucket, mediaEnvironment, publicBase, type BucketConfig } from "./media";
import type { Sizing } from "./sizing";

/**
 * Does with the bucket what Mastodon and its visitors will do: puts a small object, fetches it by its public address, asks
 * for the list that nobody may have, and deletes it. In Ruby, by the very library and settings with which Mastodon stores
 * media. What it finds wrong is one sentence that begins with the key to mend; what it prints holds no secret.
 */
export const mediaCheckScript = String.raw`
require "aws-sdk-s3"
require "net/http"
require "securerandom"
require "time"

class Refusal < StandardError; end

ENDPOINT = ENV.fetch("S3_ENDPOINT")
BUCKET = ENV.fetch("S3_BUCKET")
BASE = ENV.fetch("MEDIA_BASE_URL")
ACL = ENV.fetch("S3_PERMISSION", "")
KEY = "mastodon-check/#{SecureRandom.hex(16)}.txt"
BODY = SecureRandom.hex(16)
CREDENTIALS = ENV.values_at("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")

def refuse(key, text) = raise(Refusal, "mastodon:#{key}: #{text}")

def set(secret) = "set it with: npm run pulumi -- config set --secret mastodon:#{secret}"

def hidden(text) = CREDENTIALS.reduce(text) { |said, secret| said.gsub(secret, "...") }

# What keeps a host from being reached at all.
def refuse_network(key, place, error)
  case error
  when OpenSSL::SSL::SSLError
    reason = error.message[/certificate verify failed \(([^)]*)\)/, 1]
    refuse(key, "#{place} has a bad certificate (#{reason}): use the name that its certificate is for, or have it mended") if reason
    refuse(key, "#{place} does not speak TLS (#{error.message}): check its port")
  when SocketError
    refuse(key, "#{place} has no address in DNS: check how it is written")
  when Errno::ECONNREFUSED
    refuse(key, "#{place} refuses connections: check its port, and that it runs")
  else
    refuse(key, "#{place} does not answer (#{error.class}: #{error.message}): check its name, and that the host may reach it")
  end
end

# Signatures hold the time: a clock that is off by more than a quarter of an hour makes all of them wrong.
def refuse_clock(error)
  date = error.context&.http_response&.headers&.[]("date")
  ours, theirs = Time.now.utc, date && Time.httpdate(date)
  return unless error.code == "RequestTimeTooSkewed" || (theirs && (ours - theirs).abs > 600)
  refuse("host", "its clock says #{ours.iso8601}, and that of #{ENDPOINT} #{theirs ? theirs.iso8601 : "another time"}, which makes every signature wrong: have the host's clock set (sudo timedatectl set-ntp true)")
end

def refuse_service(error, action)
  refuse_clock(error)
  message = hidden(error.message.to_s)
  case error.code
  when "InvalidAccessKeyId", "InvalidTokenId", "Unauthorized", "AuthFailure"
    refuse("s3AccessKeyId", "#{ENDPOINT} does not know this key: it was mistyped, deleted, or belongs to another service; #{set("s3AccessKeyId")}")
  when "SignatureDoesNotMatch"
    refuse("s3SecretAccessKey", "is not the secret of the key that s3AccessKeyId names; #{set("s3SecretAccessKey")}")
  when "NoSuchBucket"
    refuse("media.bucket", "#{BUCKET.inspect} does not exist at #{ENDPOINT}: create it there, or write its right name")
  when "AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect", "InvalidRegion", "IllegalLocationConstraintException", "Http301Error", "Http307Error"
    right = error.context&.http_response&.headers&.[]("x-amz-bucket-region") || message[/expecting '([^']+)'/, 1]
    refuse("media.region", "#{ENV.fetch("S3_REGION").inspect} is not where the bucket #{BUCKET.inspect} is: #{right ? "use #{right}" : "use the one that the service shows for it"}, and the endpoint of that region (#{message})")
  when "InvalidArgument"
    refuse("s3AccessKeyId", "#{ENDPOINT} does not take it (#{message}); #{set("s3AccessKeyId")}") if message.match?(/access key/i)
  when "AccessDenied", "Http403Error", "Forbidden"
    refuse("s3AccessKeyId", "this key may not #{action} in the bucket #{BUCKET.inspect}: give it the right to read, write and delete objects there")
  end
  refuse("media.endpoint", "#{ENDPOINT} does not #{action} (#{error.code}: #{message}): check that it is the address of an S3-compatible service")
end

def asking(action)
  yield
rescue Seahorse::Client::NetworkingError => error
  refuse_network("media.endpoint", ENDPOINT, error.original_error)
rescue Aws::Errors::ServiceError => error
  refuse_service(error, action)
end

# As a visitor's browser does, on a page of the instance.
def fetch(address, redirects = 3)
  uri = URI(address)
  response = Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == "https", open_timeout: 10, read_timeout: 20) do |http|
    http.get(uri.request_uri, "Origin" => ENV.fetch("MEDIA_ORIGIN"))
  end
  moved = response["location"] if response.is_a?(Net::HTTPRedirection)
  moved && redirects > 0 ? fetch(URI.join(address, moved).to_s, redirects - 1) : response
end

def anonymously(address)
  fetch(address)
rescue SystemCallError, SocketError, Timeout::Error, IOError, OpenSSL::SSL::SSLError, Net::ProtocolError => error
  refuse_network(address.start_with?(ENDPOINT) ? "media.endpoint" : "media.aliasHost", URI(address).host, error)
end

def put(client, acl)
  client.put_object({ bucket: BUCKET, key: KEY, body: BODY, content_type: "text/plain", cache_control: "no-store", acl: acl }.compact)
end

def put_as_mastodon(client)
  return put(client, nil) if ACL.empty?
  begin
    put(client, ACL)
  rescue Aws::Errors::ServiceError => error
    begin
      put(client, nil)
    rescue Aws::Errors::ServiceError, Seahorse::Client::NetworkingError
      raise error
    end
    client.delete_object(bucket: BUCKET, key: KEY)
    refuse("media.acl", "#{ACL.inspect} is not taken by this bucket (#{error.code}): use acl: none, and give the bucket a policy by which everybody may read")
  end
end

def check_readable
  answer = nil
  # Some services take a moment until all of their machines know.
  5.times do |attempt|
    sleep 1 if attempt > 0
    answer = anonymously("#{BASE}/#{KEY}")
    break if answer.is_a?(Net::HTTPSuccess)
  end
  case answer
  when Net::HTTPSuccess
    refuse("media.aliasHost", "#{BASE} answers something else than what was just put into the bucket #{BUCKET.inspect}: have it lead to that bucket") if answer.body.to_s.strip != BODY
  when Net::HTTPNotFound
    refuse("media.aliasHost", "#{BASE} does not have what was just put into the bucket #{BUCKET.inspect} (404): have it lead to that bucket, or leave it out")
  else
    remedy = ACL.empty? ? "give the bucket a policy by which everybody may read objects (s3:GetObject)" : "let the bucket's objects be public, and lift what blocks public access or ACLs; or use acl: none with a policy by which everybody may read"
    refuse("media.bucket", "what is in #{BUCKET.inspect} cannot be read at #{BASE} without a key (#{answer.code}), so that nobody would see any media: #{remedy}")
  end
  return if ["*", ENV.fetch("MEDIA_ORIGIN")].include?(answer["access-control-allow-origin"])
  puts "Warning: #{BASE} sends no Access-Control-Allow-Origin, without which some of the pages cannot show media: allow GET from any origin (CORS)."
end

def check_unlisted(client)
  bucket = Aws::S3::Bucket.new(BUCKET, client: client)
  [bucket.url, BASE].uniq.each do |address|
    answer = anonymously("#{address}/?list-type=2&max-keys=1")
    next unless answer.is_a?(Net::HTTPSuccess) && answer.body.to_s.include?("<ListBucketResult")
    refuse("media.bucket", "#{BUCKET.inspect} can be listed by everybody at #{address}, and with it what is meant for few: allow everybody to read objects (s3:GetObject), and not to list them (s3:ListBucket)")
  end
end

begin
  client = Aws::S3::Client.new(
    endpoint: ENDPOINT,
    region: ENV.fetch("S3_REGION"),
    force_path_style: ENV["S3_OVERRIDE_PATH_STYLE"] != "true",
    access_key_id: CREDENTIALS[0],
    secret_access_key: CREDENTIALS[1],
    http_open_timeout: 10,
    http_read_timeout: 20,
    retry_limit: 0
  )
  asking("write") { put_as_mastodon(client) }
  begin
    check_readable
    check_unlisted(client)
  ensure
    found = $!
    begin
      asking("delete") { client.delete_object(bucket: BUCKET, key: KEY) }
    rescue Refusal
      raise unless found
    end
  end
  puts "Media: put into the bucket #{BUCKET}, fetched from #{BASE}, deleted."
rescue Refusal => refusal
  warn refusal.message
  exit 1
end
`;

/** A failure is told together with its script, in which the sentence would be lost: so this one is in a variable. */
const questions = (config: BucketConfig): Environment => ({
  ...mediaEnvironment(config),
  MEDIA_BASE_URL: publicBase(config.media),
  MEDIA_ORIGIN: publicUrl(config),
  MEDIA_CHECK: mediaCheckScript,
});

const ask = (config: Config, sizing: Sizing, part: string, environment: Environment): string =>
  runMastodon(config, sizing, {
    part,
    network: "egress",
    environment,
    command: ["sh", "-c", 'exec bundle exec ruby -e "$MEDIA_CHECK"'],
  });

/**
 * The bucket is asked before anything of the instance is changed, and again when a setting, a key or Mastodon's image is
 * another one; nothing where media stays on the volume.
 */
export function mediaCheck(config: Config, sizing: Sizing): JobSpec[] {
  if (!hasBucket(config)) return [];
  const part = "media";
  const environment = questions(config);
  return [
    {
      part,
      script: `set -eu\n${ask(config, sizing, part, environment)}`,
      environment,
      followsImage: true,
      progress: true,
    },
  ];
}

/** Asks the same of a running instance's host, by the image that runs there. */
export function mediaTest(
  config: BucketConfig,
  sizing: Sizing,
): Pick<JobSpec, "script" | "environment"> {
  const environment = questions(config);
  return {
    script: withRunningImage(config, ask(config, sizing, "media-test", environment)),
    environment,
  };
}
