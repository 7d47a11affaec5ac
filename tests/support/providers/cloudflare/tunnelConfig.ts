import type { Fields, Property } from "../schema";
import type { Resource } from "../serve";
import { blocks, defined, isObject, text, type Value, type Values } from "../values";
import type { Client } from "./client";
import { completed, identifier, oneOf, output, updateBody } from "./fields";

const string: Property = { kind: "string" };
const whole: Property = { kind: "int" };
const flag: Property = { kind: "bool" };

/** The API's names of what the program names otherwise. */
const apiNames: Readonly<Record<string, string>> = {
  matchSnItoHost: "matchSNItoHost",
  noTlsVerify: "noTLSVerify",
  audTags: "audTag",
};

const originRequest: Property = {
  kind: "object",
  fields: {
    access: {
      kind: "object",
      fields: {
        audTags: { kind: "list", required: true },
        teamName: { kind: "string", required: true },
        required: flag,
      },
    },
    caPool: string,
    connectTimeout: whole,
    disableChunkedEncoding: flag,
    http2Origin: flag,
    httpHostHeader: string,
    keepAliveConnections: whole,
    keepAliveTimeout: whole,
    matchSnItoHost: flag,
    noHappyEyeballs: flag,
    noTlsVerify: flag,
    originServerName: string,
    proxyType: string,
    tcpKeepAlive: whole,
    tlsTimeout: whole,
  },
};

const fields: Fields = {
  accountId: identifier,
  tunnelId: identifier,
  config: {
    kind: "object",
    computed: true,
    fields: {
      ingresses: {
        kind: "list",
        fields: {
          hostname: string,
          path: string,
          service: { kind: "string", required: true },
          originRequest,
        },
      },
      originRequest,
    },
  },
  source: { kind: "string", computed: true, ...oneOf("local", "cloudflare") },
  createdAt: output,
  version: output,
};

interface Configuration {
  readonly config: Readonly<Record<string, Value>> | null;
  readonly source: string;
  readonly created_at: string;
  readonly version: number;
}

/**
 * `cloudflare.ZeroTrustTunnelCloudflaredConfig`, after `zero_trust_tunnel_cloudflared_config/resource.go`: its id is the
 * tunnel's, and to delete it does nothing. An empty block that the API gives and the program does not is a change.
 */
export function tunnelConfig(client: Client): Resource {
  const address = ({ accountId, tunnelId }: Values): string =>
    `/accounts/${text(accountId)}/cfd_tunnel/${text(tunnelId)}/configurations`;
  const put = async (body: Values, planned: Values, signal: AbortSignal): Promise<Values> => {
    const answer = await client.send<Configuration>(signal, "PUT", address(planned), body);
    return completed(fields, planned, stateOf(answer));
  };
  return {
    fields,
    async create(planned, { signal }) {
      const body = defined({ config: configOf(planned), source: planned["source"] });
      return { id: text(planned["tunnelId"]), state: await put(body, planned, signal) };
    },
    async read(_id, state, { signal }) {
      const found = await client.find<Configuration>(signal, address(state));
      const { accountId, tunnelId } = state;
      return found && defined({ accountId, tunnelId, ...stateOf(found) });
    },
    update(_id, old, planned, { signal }) {
      const [before, now] = [configOf(old), configOf(planned)];
      const body = now && updateBody(before ?? {}, now);
      return put(defined({ config: body }), planned, signal);
    },
    delete: () => Promise.resolve(),
  };
}

function configOf({ config }: Values): Values | undefined {
  if (!isObject(config)) return undefined;
  const { ingresses, originRequest: request } = config;
  return defined({
    ingress: ingresses === undefined ? undefined : blocks(ingresses).map(renamed),
    originRequest: isObject(request) ? renamed(request) : undefined,
  });
}

function renamed(block: Values): Values {
  return Object.fromEntries(
    Object.entries(block).map(([key, value]) => [
      apiNames[key] ?? key,
      isObject(value) ? renamed(value) : value,
    ]),
  );
}

function stateOf({ config, source, created_at, version }: Configuration): Values {
  const { ingress, originRequest: request } = config ?? {};
  const read =
    config &&
    defined({
      ingresses: Array.isArray(ingress) ? blocks(ingress).map(namedBack) : undefined,
      originRequest: isObject(request) ? namedBack(request) : undefined,
    });
  return defined({ config: read, source, createdAt: created_at, version });
}

function namedBack(block: Values): Values {
  const ownNames = Object.fromEntries(Object.entries(apiNames).map(([own, api]) => [api, own]));
  return Object.fromEntries(
    Object.entries(block).map(([key, value]) => [
      ownNames[key] ?? key,
      isObject(value) ? namedBack(value) : value,
    ]),
  );
}
