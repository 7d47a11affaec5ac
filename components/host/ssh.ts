/** Nobody is there to be asked for a password or to confirm a key: what is not set up beforehand is an error. */
export const sshOptions = ["-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"] as const;
