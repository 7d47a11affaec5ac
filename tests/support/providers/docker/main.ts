import { serve, type Provider } from "../serve";
import { strings, text, type Value, type Values } from "../values";
import { container } from "./container";
import { Engine } from "./engine";
import { network } from "./network";
import { remoteImage } from "./remoteImage";
import { volume } from "./volume";

const defaultHost = process.env["DOCKER_HOST"] || "unix:///var/run/docker.sock";

/** The engine is known only once the provider is configured, and not reached before a resource needs it. */
const engine = new Engine(defaultHost);

const provider: Provider = {
  name: "docker",
  version: "5.2.0",
  config: {
    caMaterial: { kind: "string", unsupported: true },
    certMaterial: { kind: "string", unsupported: true },
    certPath: { kind: "string", unsupported: true },
    context: { kind: "string", unsupported: true },
    disableDockerDaemonCheck: { kind: "bool", unsupported: true },
    host: { kind: "string", default: defaultHost },
    keyMaterial: { kind: "string", unsupported: true },
    registryAuth: { kind: "any", unsupported: true },
    sshOpts: { kind: "any" },
  },
  configure: (config: Values) =>
    engine.use(text(config["host"]) || defaultHost, listed(config["sshOpts"])),
  resources: {
    "docker:index/container:Container": container(engine),
    "docker:index/network:Network": network(engine),
    "docker:index/remoteImage:RemoteImage": remoteImage(engine),
    "docker:index/volume:Volume": volume(engine),
  },
};

/** Lists in a provider's configuration arrive as JSON. */
function listed(value: Value | undefined): string[] {
  if (typeof value !== "string") return strings(value);
  return strings(JSON.parse(value) as Value);
}

void serve(provider, process.argv.slice(2));
