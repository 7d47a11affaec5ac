export interface OriginRequest {
  readonly [key: string]: unknown;
}

export interface IngressRule {
  readonly hostname?: string;
  /** A regular expression. */
  readonly path?: string;
  /** Such as `http://gateway:80` or `http_status:404`. */
  readonly service: string;
  readonly originRequest?: OriginRequest;
}

/**
 * Why cloudflared would not take these rules, after its `ingress` package, which Cloudflare asks as well; undefined where
 * it would. Go's regular expressions are told from JavaScript's by what they lack.
 */
export function ingressFault(rules: readonly IngressRule[]): string | undefined {
  if (rules.length === 0) return "The config file doesn't contain any ingress rules";
  for (const [index, rule] of rules.entries()) {
    const fault = serviceFault(rule.service) ?? placeFault(rule, index, index === rules.length - 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function serviceFault(service: string): string | undefined {
  if (/^(unix|unix\+tls):/.test(service)) return undefined;
  if (["hello_world", "hello-world", "helloworld", "bastion", "socks-proxy"].includes(service))
    return undefined;
  const status = /^http_status:(.*)$/.exec(service)?.[1];
  if (status !== undefined)
    return /^[1-9]\d\d$/.test(status) ? undefined : `invalid HTTP status: ${status}`;
  const [, scheme, rest = ""] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(service) ?? [];
  const [, host = "", path = ""] = /^([^/]*)(.*)$/.exec(rest) ?? [];
  if (scheme === undefined || host.replace(/:\d*$/, "") === "")
    return `${service} is an invalid address, please make sure it has a scheme and a hostname`;
  if (path !== "")
    return `${service} is an invalid address, ingress rules don't support proxying to a different path on the origin service. The path will be the same as the eyeball request's path`;
  return undefined;
}

function placeFault(rule: IngressRule, index: number, last: boolean): string | undefined {
  const { hostname = "", path = "" } = rule;
  if (/:\d*$/.test(hostname)) return "Hostname cannot contain a port";
  if (hostname.lastIndexOf("*") > 0)
    return 'Hostname patterns can have at most one wildcard character ("*") and it can only be used for subdomains, e.g. "*.example.com"';
  const catchesAll = ["", "*"].includes(hostname) && path === "";
  if (last && !catchesAll)
    return "The last ingress rule must match all URLs (i.e. it should not have a hostname or path filter)";
  if (!last && catchesAll)
    return `Rule #${index + 1} is matching the hostname '${hostname}', but this will match every hostname, meaning the rules which follow it will never be triggered.`;
  const fault = patternFault(path);
  return fault === undefined ? undefined : `Rule #${index + 1} has an invalid regex: ${fault}`;
}

function patternFault(pattern: string): string | undefined {
  const unsupported = /\(\?(=|!|<[=!])|\\[1-9]/.exec(pattern)?.[0];
  if (unsupported !== undefined)
    return `error parsing regexp: invalid or unsupported Perl syntax: \`${unsupported}\``;
  try {
    new RegExp(pattern);
    return undefined;
  } catch (error) {
    return `error parsing regexp: ${String(error)}`;
  }
}

/** The first rule that matches, as the original chooses it. */
export const ruleFor = (
  rules: readonly IngressRule[],
  hostname: string,
  path: string,
): IngressRule | undefined =>
  rules.find(
    (rule) =>
      (rule.hostname === undefined || rule.hostname === hostname) &&
      (rule.path === undefined || new RegExp(rule.path).test(path)),
  );
