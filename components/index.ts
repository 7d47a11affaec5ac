export { Instance, type InstanceArgs, type InstanceOutputs } from "./instance";
export { readConfig, type ProvidedSecrets } from "./readConfig";
