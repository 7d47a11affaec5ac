import * as cloudflare from "@pulumi/cloudflare";
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { removeRecord, type DnsSpec, type ForeignRecord, type RecordSpec } from "../../plan";
import type { CloudflareAccess } from "../accounts";
import type { Targets } from "./targets";

export interface DnsArgs {
  readonly spec: DnsSpec;
  readonly targets: Targets;
  readonly access: CloudflareAccess;
  /** What visitors reach by the records. */
  readonly behind: readonly pulumi.Resource[];
}

/** What an instance's names lead to, and what its zone must let through, at Cloudflare. */
export class Dns extends pulumi.ComponentResource {
  constructor(name: string, args: DnsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mastodon:index:Dns", name, {}, opts);
    const { spec, behind } = args;
    const { zoneId } = spec;
    for (const { id, value } of spec.settings) {
      new cloudflare.ZoneSetting(
        `${name}-setting-${id.replaceAll("_", "-")}`,
        { zoneId, settingId: id, value },
        { parent: this },
      );
    }
    if (spec.bots !== undefined) {
      new cloudflare.BotManagement(`${name}-bots`, { zoneId, ...spec.bots }, { parent: this });
    }
    const gone = spec.replaced.map((record) => this.remove(name, record, args));
    const firsts = new Map<string, cloudflare.DnsRecord>();
    const before: pulumi.Resource[] = [...behind, ...gone];
    // One after the other: a name's second record stands only beside what its first has become.
    for (const record of spec.records) {
      const first = firsts.get(record.name);
      // By what it takes from the first, it goes with that one and before it, where another kind takes its place.
      const made = this.record(name, record, args, first?.zoneId ?? zoneId, [...before]);
      if (first === undefined) firsts.set(record.name, made);
      before.push(made);
    }
    this.registerOutputs();
  }

  private record(
    name: string,
    { part, target, ...rest }: RecordSpec,
    { spec, targets }: DnsArgs,
    zoneId: pulumi.Input<string>,
    dependsOn: pulumi.Resource[],
  ): cloudflare.DnsRecord {
    return new cloudflare.DnsRecord(
      `${name}-${part}`,
      {
        zoneId,
        ...rest,
        content: targets.find(target),
        // Automatic: five minutes, or as short as Cloudflare likes where it is in between.
        ttl: 1,
        comment: spec.comment,
      },
      // Beside the one that it is made for, another of a name is refused.
      { parent: this, dependsOn, deleteBeforeReplace: true },
    );
  }

  private remove(
    name: string,
    { id, type, name: record }: ForeignRecord,
    { spec, access }: DnsArgs,
  ): command.local.Command {
    return new command.local.Command(
      `${name}-replaced-${type.toLowerCase()}-${record}-${id}`,
      {
        create: removeRecord,
        interpreter: ["node", "--input-type=module", "--eval"],
        environment: {
          ZONE: spec.zoneId,
          RECORD: id,
          ...(access.apiToken === undefined ? {} : { CLOUDFLARE_API_TOKEN: access.apiToken }),
          ...(access.baseUrl === undefined ? {} : { CLOUDFLARE_BASE_URL: access.baseUrl }),
        },
        logging: command.local.Logging.None,
      },
      { parent: this },
    );
  }
}
