import { bootSeconds } from "../hosts/hetznerServer";
import { containerPart, partOf, types } from "./parts";
import { listOf, textOf, type Snapshot, type Step } from "./step";

/** What people notice by its absence. */
export type Service = "web" | "streaming" | "sidekiq" | "search";

/** The services without which there is no instance. */
const everything: readonly Service[] = ["web", "streaming", "sidekiq"];

/** Something that is away for a while, while a change is carried out. */
export interface Interruption {
  readonly part: string;
  readonly services: readonly Service[];
  /** After which it is there again, or the change has failed; absent where that is not in the program's hands. */
  readonly seconds?: number;
  readonly why: string;
}

/** What is away with a container, by its part; absent: what nobody else needs. */
const dependents: Readonly<Record<string, readonly Service[]>> = {
  postgres: everything,
  redis: everything,
  gateway: ["web", "streaming"],
  streaming: ["streaming"],
  search: ["search"],
};

function servicesOf(part: string, steps: readonly Step[]): readonly Service[] {
  if (part === "web") return holdsAll(steps) ? everything : ["web"];
  if (/^sidekiq\b/.test(part)) return ["sidekiq"];
  // Without its connectors, nobody finds the gateway of a tunnel.
  if (/^cloudflared\b/.test(part)) return ["web", "streaming"];
  return dependents[part] ?? [];
}

/** Where the container of web holds streaming and a sidekiq as well, as LinuxServer's does. */
const holdsAll = (steps: readonly Step[]): boolean =>
  !steps.some((step) => step.before !== undefined && containerPart(step) === "streaming");

const secondsIn = (snapshot: Snapshot | undefined, key: string): number => {
  const value = snapshot?.inputs[key];
  return typeof value === "number" ? value : 0;
};

/**
 * A container of which there can be only one at a time: it stops within its grace, and its successor is healthy within
 * the time that is waited for it, or the change fails.
 */
function ofContainer(step: Step, steps: readonly Step[]): Interruption[] {
  const part = containerPart(step);
  if (part === undefined || step.change !== "replaced" || !step.goesFirst) return [];
  const services = servicesOf(part, steps);
  if (services.length === 0) return [];
  const stops = secondsIn(step.before, "destroyGraceSeconds");
  const starts = secondsIn(step.after, "waitTimeout");
  return [
    {
      part: partOf(step) ?? part,
      services,
      seconds: stops + starts,
      why: `made anew, the old one going first: at most ${stops} s to stop, and ${starts} s until it is healthy`,
    },
  ];
}

const differs = ({ before, after }: Step, key: string): boolean =>
  before !== undefined && after !== undefined && before.inputs[key] !== after.inputs[key];

function ofServer(step: Step): Interruption[] {
  if (step.type !== types.server) return [];
  const away = { part: "server", services: everything, seconds: bootSeconds };
  if (step.change === "replaced")
    return [
      {
        ...away,
        why: `deleted and made anew, which takes minutes: it is waited for at most ${bootSeconds} s. Its data volume stays`,
      },
    ];
  return step.change === "changed" && differs(step, "serverType")
    ? [
        {
          ...away,
          why: `switched off, changed and started again, which takes minutes: it is waited for at most ${bootSeconds} s`,
        },
      ]
    : [];
}

const isSetup = ({ type, name }: Step): boolean =>
  type === types.command && name.endsWith("-host-ready");

const dockerIn = (snapshot: Snapshot | undefined): string | undefined =>
  /^docker_version=(\S+)$/m.exec(textOf(snapshot?.inputs["create"]))?.[1];

/** Another Docker on the server that there is. */
function ofSetup(step: Step, steps: readonly Step[]): Interruption[] {
  if (!isSetup(step) || steps.some((each) => ofServer(each).length > 0)) return [];
  const [from, to] = [dockerIn(step.before), dockerIn(step.after)];
  if (from === undefined || to === undefined || from === to) return [];
  return [
    {
      part: "server",
      services: everything,
      seconds: bootSeconds,
      why: `Docker ${from} becomes Docker ${to}: containers go on while it is started anew, or come back right after where the two are far apart. They are waited for at most ${bootSeconds} s`,
    },
  ];
}

/** Where visitors come in: by the ports that the gateway publishes, or by a tunnel. */
function wayIn(steps: readonly Step[], when: "before" | "after"): string | undefined {
  const gateway = steps.find((step) => containerPart(step) === "gateway")?.[when];
  if (gateway === undefined) return undefined;
  const ports = listOf(gateway.inputs["ports"]).map((port) =>
    typeof port === "object" && port !== null && "external" in port ? String(port.external) : "",
  );
  return ports.length === 0
    ? "a Cloudflare tunnel"
    : `the port${ports.length > 1 ? "s" : ""} ${[...new Set(ports)].join(" and ")} of the host`;
}

function ofWayIn(steps: readonly Step[]): Interruption[] {
  const [before, after] = [wayIn(steps, "before"), wayIn(steps, "after")];
  if (before === undefined || after === undefined || before === after) return [];
  const isEntered = steps.some(({ type, after: record }) => type === types.record && record);
  return [
    {
      part: "way in",
      services: ["web", "streaming"],
      why: `visitors come by ${after}, no longer by ${before}: ${
        isEntered
          ? "the program changes the DNS records, and who has looked them up before comes again after about five minutes"
          : "nobody comes in before DNS, or what stands in front, leads there. That is yours to do: the output dnsRecords says what to enter"
      }`,
    },
  ];
}

function ofAddress(step: Step): Interruption[] {
  if (step.type !== types.address || !["replaced", "removed"].includes(step.change)) return [];
  return [
    {
      part: partOf(step) ?? "address",
      services: ["web", "streaming"],
      why: "the server gets another address: nobody comes in before the DNS records lead there",
    },
  ];
}

function ofTunnel(step: Step): Interruption[] {
  if (step.type !== types.tunnel || step.change !== "replaced") return [];
  return [
    {
      part: "tunnel",
      services: ["web", "streaming"],
      why: "made anew under another id: nobody comes in before its connectors and the DNS records have followed",
    },
  ];
}

/** What a change interrupts. What is replaced by a successor that is healthy first, interrupts nothing. */
export function interruptionsOf(steps: readonly Step[]): Interruption[] {
  return [
    ...steps.flatMap((step) => [
      ...ofServer(step),
      ...ofSetup(step, steps),
      ...ofContainer(step, steps),
      ...ofAddress(step),
      ...ofTunnel(step),
    ]),
    ...ofWayIn(steps),
  ];
}

/** Services that are away for the same time, at most; no time where that is not in the program's hands. */
export interface Outage {
  readonly services: readonly Service[];
  readonly seconds?: number;
}

/** How long each service is away at most, together for those that are away alike; the longest first. */
export function outagesOf(interruptions: readonly Interruption[]): Outage[] {
  const services = [...new Set(interruptions.flatMap((each) => each.services))];
  const times = services.map((service) => {
    const its = interruptions.filter((each) => each.services.includes(service));
    return {
      service,
      seconds: its.every(({ seconds }) => seconds !== undefined)
        ? its.reduce((sum, { seconds = 0 }) => sum + seconds, 0)
        : Infinity,
    };
  });
  const different = [...new Set(times.map(({ seconds }) => seconds))].sort((a, b) => b - a);
  return different.map((seconds) => ({
    services: times.filter((each) => each.seconds === seconds).map(({ service }) => service),
    ...(seconds === Infinity ? {} : { seconds }),
  }));
}

/** `everything`, or the services by their names. */
export function namesOf(services: readonly Service[]): string {
  const whole = everything.every((each) => services.includes(each));
  const rest = whole ? services.filter((each) => !everything.includes(each)) : services;
  return [...(whole ? ["everything"] : []), ...rest].join(", ");
}

/** `45 s`, `7 minutes`: rounded up, since it is an upper bound. */
export const inWords = (seconds: number): string =>
  seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} minutes`;
