import { bindToAddress } from "./rules/bindToAddress";
import { checkHealth } from "./rules/checkHealth";
import { closeFirewall } from "./rules/closeFirewall";
import { dropCapabilities } from "./rules/dropCapabilities";
import { encryptRandomSecrets } from "./rules/encryptRandomSecrets";
import { endIngressWith404 } from "./rules/endIngressWith404";
import { exposeNoDevices } from "./rules/exposeNoDevices";
import { fitMemory } from "./rules/fitMemory";
import { hideDockerSocket } from "./rules/hideDockerSocket";
import { isolateNamespaces } from "./rules/isolateNamespaces";
import { keepRootReadOnly } from "./rules/keepRootReadOnly";
import { keepSecurityProfiles } from "./rules/keepSecurityProfiles";
import { keepStoresInside } from "./rules/keepStoresInside";
import { limitMemory } from "./rules/limitMemory";
import { markSecrets } from "./rules/markSecrets";
import { matchArchitecture } from "./rules/matchArchitecture";
import { mountNoHostFolders } from "./rules/mountNoHostFolders";
import { nameUser } from "./rules/nameUser";
import { pinImages } from "./rules/pinImages";
import { preventNewPrivileges } from "./rules/preventNewPrivileges";
import { protectData } from "./rules/protectData";
import { protectServer } from "./rules/protectServer";
import { proxyTunnelRecords } from "./rules/proxyTunnelRecords";
import { publishAtGatewayOnly } from "./rules/publishAtGatewayOnly";
import { refusePrivileged } from "./rules/refusePrivileged";
import { restartContainers } from "./rules/restartContainers";
import { rotateLogs } from "./rules/rotateLogs";
import { runOneScheduler } from "./rules/runOneScheduler";
import { stopBeforeReplacing } from "./rules/stopBeforeReplacing";
import { useExplicitProviders } from "./rules/useExplicitProviders";
import type { Rule } from "./rule";

/** Every rule of the pack, in the order in which docs/policies.md tells them. */
export const rules: readonly Rule[] = [
  // Images
  pinImages,
  matchArchitecture,
  // Ways in and out
  publishAtGatewayOnly,
  bindToAddress,
  keepStoresInside,
  closeFirewall,
  endIngressWith404,
  proxyTunnelRecords,
  // What a container may do
  refusePrivileged,
  dropCapabilities,
  preventNewPrivileges,
  keepSecurityProfiles,
  keepRootReadOnly,
  nameUser,
  isolateNamespaces,
  hideDockerSocket,
  mountNoHostFolders,
  exposeNoDevices,
  // That it goes on
  checkHealth,
  restartContainers,
  limitMemory,
  fitMemory,
  rotateLogs,
  runOneScheduler,
  // Data and secrets
  protectData,
  protectServer,
  stopBeforeReplacing,
  markSecrets,
  encryptRandomSecrets,
  useExplicitProviders,
];
