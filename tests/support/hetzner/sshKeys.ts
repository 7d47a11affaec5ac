import { createHash } from "node:crypto";
import { invalidField, notUnique } from "./apiError";
import type { Project, SshKey } from "./project";
import { checkLabels, collection, type Labels, route, type Route } from "./routes";

interface CreateBody {
  readonly name: string;
  readonly public_key: string;
  readonly labels?: Labels;
}

export function sshKeyRoutes(project: Project): Route[] {
  const store = project.sshKeys;
  return [
    ...collection({ project, store, plural: "ssh_keys", singular: "ssh_key", present }),
    route<CreateBody>(
      "POST",
      "/ssh_keys",
      { request: "create_ssh_key_request", response: "create_ssh_key_response" },
      ({ body }) => {
        const fingerprint = fingerprintOf(body.public_key);
        store.expectFreeName(body.name);
        if (store.all().some((key) => key.fingerprint === fingerprint))
          throw notUnique("public_key", "SSH key with the same fingerprint already exists");
        const key: SshKey = {
          id: project.nextId(),
          created: project.now(),
          name: body.name,
          labels: checkLabels(body.labels),
          fingerprint,
          // White space around it is dropped since 2026-04-22.
          publicKey: body.public_key.trim(),
        };
        store.add(key);
        return { ssh_key: present(key) };
      },
    ),
    route("DELETE", "/ssh_keys/{id}", {}, ({ id }) => {
      store.remove(store.get(id).id);
    }),
  ];
}

function present({ id, name, fingerprint, publicKey, labels, created }: SshKey): object {
  return { id, name, fingerprint, public_key: publicKey, labels, created };
}

/** MD5, as Hetzner shows it. @throws for what is no line of `authorized_keys` */
function fingerprintOf(line: string): string {
  const [type = "", content = ""] = line.trim().split(/\s+/);
  const blob = Buffer.from(content, "base64");
  const inner = blob.length > 4 ? blob.subarray(4, 4 + blob.readUInt32BE()).toString() : "";
  if (inner === "" || inner !== type) throw invalidField("public_key", "is not a valid SSH key");
  return createHash("md5")
    .update(blob)
    .digest("hex")
    .replace(/..(?=.)/g, "$&:");
}
