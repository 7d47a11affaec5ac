export { aligned } from "./aligned";
export { renderCloudInit, type CloudInitSpec, type CloudInitValues } from "./hosts/cloudInit";
export { localDomain, parseConfig, parseKey } from "./config";
export { secretKeys, type Config, type SecretKey } from "./configSchema";
export type { ContainerSpec, HealthCheck, NetworkKey, VolumeKey } from "./containerSpec";
export { isMap } from "./isMap";
export { ipv6Faults, listenersOf, type Listener } from "./edge/listeners";
export { emulationWarning, type EmulationSpec } from "./emulation";
export { recordComment, type DnsSpec, type RecordSpec, type RecordTarget } from "./edge/dns";
export { removeRecord } from "./edge/replacement";
export { isWithin, publicNames, webHost } from "./edge/names";
export { tunnelName, type IngressRule, type TunnelSpec } from "./edge/tunnel";
export type { ForeignRecord, Zone } from "./edge/zone";
export {
  unanswered,
  zonePreflight,
  zoneQuestion,
  zoneRefusal,
  type Answered,
  type CacheRulesetAnswer,
  type FoundZone,
  type FrontAnswers,
  type PageRuleAnswer,
  type RecordAnswer,
  type SettingAnswer,
  type ZoneAnswer,
  type ZoneQuestion,
} from "./edge/zonePreflight";
export { environmentFile, publicHost, publicUrl } from "./environment";
export type { Environment, EnvironmentValue } from "./environmentValue";
export { explainContainers, explainSizing } from "./explanation";
export { ConfigError, type Fault } from "./faults";
export { fingerprint } from "./fingerprint";
export type { BuildSpec, Unsettled } from "./flavours/flavour";
export { flavourOf } from "./flavours/flavourOf";
export { looksEarly } from "./healthCheck";
export { imageKeys, type Emulated, type ImageKey, type Images } from "./imageKeys";
export { pinImages, resolveImages, unpinnedImages } from "./images";
export type { JobSpec, PublicationSpec } from "./jobs";
export { mailTest } from "./mailCheck";
export type { NetworkSpec } from "./networks";
export { instanceName, labelOf, networkLabel } from "./names";
export { architectureOf, type Architecture } from "./hosts/architecture";
export type { HetznerServerSpec } from "./hosts/hetznerServer";
export { dockerEngineVersion, hostSetup, type HostSetupSpec } from "./hosts/hostSetup";
export {
  diskFault,
  explainSsh,
  leastFreeMb,
  memoryLimitFault,
  preflight,
  probeScript,
  readProbe,
  type Expectation,
  type HostFacts,
  type Preflight,
} from "./hosts/preflight";
export { hostOf, sshEndpoint } from "./hosts/host";
export { liftProtection, type ProtectedKind } from "./hosts/protection";
export { readinessScript } from "./hosts/readiness";
export type { HostSpec, LocalHostSpec, SshHostSpec } from "./hosts/host";
export { knownHost, sshConfig, sshWrapper } from "./hosts/sshConfig";
export { placeholderFaults, withExamples } from "./placeholders";
export { hasBucket } from "./media";
export { mediaTest } from "./mediaCheck";
export { bucketInUse, mediaMove, moveFailures } from "./mediaMove";
export { nearest } from "./nearest";
export { makePlan, type Plan } from "./plan";
export {
  fingerprinted,
  type GeneratedSecret,
  type SecretReference,
  type SecretSpec,
} from "./secrets";
export { capacityOf, type Capacity } from "./sizing";
export type { VolumeSpec } from "./storage";
export { secretCommand } from "./variables/secretCommand";
export { deriveVapidKeys } from "./vapid";
