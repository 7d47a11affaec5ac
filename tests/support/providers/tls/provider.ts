import type { Provider } from "../serve";
import { privateKey } from "./privateKey";

/** Stands in for the `tls` plugin, as far as private keys go. */
export const tls: Provider = {
  name: "tls",
  version: "5.6.1",
  config: { proxy: { kind: "any", unsupported: true } },
  configure: () => undefined,
  resources: { "tls:index/privateKey:PrivateKey": privateKey },
};
