import { publicHost, publicUrl, webHost, type Config } from "../../plan";
import type { Check, Finding, Subject } from "./check";
import { visit, type Answer } from "./visit";

/** Whether the instance answers as other servers and browsers ask it, from this machine through its own way in. */
export const edge: Check = {
  name: "edge",
  run: async (subject) => {
    const { config } = subject;
    const authority = await authorityOf(subject);
    const questions = [health, version, streaming, webfinger];
    const [first, ...others] = questions.map(
      (question) => () => question(config, (url) => ask(url, authority)),
    );
    // Where nothing answers at all, it is told once.
    const reached = await first?.();
    if (reached === undefined || reached.state === "fault") return reached ? [reached] : [];
    return [reached, ...(await Promise.all(others.map((other) => other())))];
  },
};

type Ask = (url: string) => Promise<Answer | Error>;

const ask = (url: string, authority: string | undefined): Promise<Answer | Error> =>
  visit(url, { authority }).catch((error: unknown) =>
    error instanceof Error ? error : new Error(String(error)),
  );

/** On a machine of one's own, certificates are of the gateway's own authority. */
async function authorityOf({ config, plan, shell }: Subject): Promise<string | undefined> {
  const { name } = plan.containers.gateway;
  if (config.edge.kind !== "local" || name === undefined) return undefined;
  const root = "/data/caddy/pki/authorities/local/root.crt";
  const { code, stdout } = await shell(`docker exec "$GATEWAY" cat ${root}`, { GATEWAY: name });
  return code === 0 ? stdout : undefined;
}

async function health(config: Config, asked: Ask): Promise<Finding> {
  const url = `${publicUrl(config)}/health`;
  const answer = await asked(url);
  if (answer instanceof Error) return unreached(url, answer, config);
  if (answer.status === 200) return { state: "ok", text: `${url} answers` };
  return { state: "fault", text: `${url} answers ${answer.status}; ${remedy(answer, config)}` };
}

function unreached(url: string, { message }: Error, { edge: { kind } }: Config): Finding {
  const advice = /certificate|CERT|self.signed/i.test(message)
    ? "its certificate is not one that browsers take; look at the gateway's log with `docker logs`"
    : {
        local: "is the gateway up? Run `npm run pulumi -- up`",
        tunnel: "does the name lead to Cloudflare? See what dns says",
        caddy: "are ports 80 and 443 open to the internet, in the router and the firewall?",
        none: "does your reverse proxy run, and serve this name?",
      }[kind];
  return { state: "fault", text: `${url} cannot be reached (${message}); ${advice}` };
}

function remedy({ status, text, headers }: Answer, { edge: { kind } }: Config): string {
  if (status >= 520 && status <= 530) {
    return "Cloudflare has no connector of the tunnel to lead visitors to; see what containers says";
  }
  if (status >= 300 && status < 400) {
    return `it leads to ${headers.location ?? "nowhere"}, and should answer itself; look at what stands before the gateway`;
  }
  if (status === 503) return "web does not answer behind the gateway; see what containers says";
  // The gateway says itself what a proxy in front of it leaves out.
  return kind === "none" && status < 500
    ? text.trim()
    : "look at the gateway's log with `docker logs`";
}

async function version(config: Config, asked: Ask): Promise<Finding> {
  const answer = await asked(`${publicUrl(config)}/api/v2/instance`);
  if (answer instanceof Error || answer.status !== 200)
    return { state: "fault", text: "does not describe itself under /api/v2/instance" };
  const { domain, version: running } = JSON.parse(answer.text) as Record<string, unknown>;
  return { state: "ok", text: `is ${String(domain)}, Mastodon ${String(running)}` };
}

async function streaming(config: Config, asked: Ask): Promise<Finding> {
  const answer = await asked(`${publicUrl(config)}/api/v1/streaming/health`);
  return !(answer instanceof Error) && answer.text.trim() === "OK"
    ? { state: "ok", text: "leads sockets to streaming" }
    : {
        state: "fault",
        text: "does not lead /api/v1/streaming to streaming: new posts would not arrive by themselves",
      };
}

/** As another server looks somebody up, by the domain of the name. */
async function webfinger(config: Config, asked: Ask): Promise<Finding> {
  const { admin } = config;
  const domain = publicHost(config.domain, config);
  const apex = config.webDomain === undefined ? publicUrl(config) : `https://${config.domain}`;
  const url = `${apex}/.well-known/webfinger?resource=acct:${admin.username}@${domain}`;
  const first = await asked(url);
  const target = first instanceof Error ? undefined : first.headers.location;
  const answer = target === undefined ? first : await asked(new URL(target, url).href);
  const found = !(answer instanceof Error) && answer.status === 200;
  return found
    ? { state: "ok", text: `lets other servers find people at ${domain}` }
    : {
        state: "fault",
        text: `other servers find nobody at ${domain}: ${url} should answer, or lead to ${webHost(config)}; see docs/reverse-proxy.md`,
      };
}
