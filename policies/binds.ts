import type { ContainerInputs } from "./container";

/** A folder or file of the host that a container is given. */
interface Bind {
  readonly folder: string;
  readonly propagation?: string | undefined;
}

/** Whatever of its host a container mounts, by either of the provider's two ways. */
export const bindsOf = ({ mounts = [], volumes = [] }: ContainerInputs): Bind[] => [
  ...mounts
    .filter(({ type }) => type !== "volume" && type !== "tmpfs")
    // The source of a volume is only known once that is made; that of a folder is written in the program.
    .map(({ source = "", bindOptions }) => ({
      folder: source,
      propagation: bindOptions?.propagation,
    })),
  ...volumes.flatMap(({ hostPath }) => (hostPath === undefined ? [] : [{ folder: hostPath }])),
];
