import { createdState } from "../plan";
import type { Fields } from "../schema";
import type { Resource } from "../serve";
import type { Values } from "../values";
import type { Client } from "./client";
import { isError, withLongErrors } from "./errors";
import { changed, labels, labelsOf, name } from "./fields";

const fields: Fields = {
  name,
  publicKey: { kind: "string", required: true, forceNew: true },
  labels,
  fingerprint: { kind: "string", output: true },
};

interface Answer {
  readonly ssh_key: {
    readonly id: number;
    readonly name: string;
    readonly public_key: string;
    readonly fingerprint: string;
    readonly labels: Record<string, string>;
  };
}

/**
 * `hcloud.SshKey`, after `internal/sshkey/resource.go`. The API trims the public key, and the state has it as the API
 * does: a key that is given with a line end is replaced by every update.
 */
export function sshKey(client: Client): Resource {
  return withLongErrors({
    fields,
    autonamed: true,
    async create(planned, { signal }) {
      const answer = await client.session(signal).send<Answer>("POST", "/ssh_keys", {
        name: planned["name"],
        public_key: planned["publicKey"],
        labels: labelsOf(planned),
      });
      const state = createdState(fields, planned, stateOf(answer));
      return { id: String(answer.ssh_key.id), state };
    },
    async read(id, _state, { signal }) {
      const answer = await client.session(signal).find<Answer>(`/ssh_keys/${id}`);
      return answer && stateOf(answer);
    },
    async update(id, old, planned, { signal }) {
      const body = {
        ...(changed(old, planned, "name") ? { name: planned["name"] } : {}),
        ...(changed(old, planned, "labels") ? { labels: labelsOf(planned) } : {}),
      };
      return stateOf(await client.session(signal).send<Answer>("PUT", `/ssh_keys/${id}`, body));
    },
    async delete(id, _state, { signal }) {
      await client
        .session(signal)
        .send("DELETE", `/ssh_keys/${id}`)
        .catch((error: unknown) => {
          if (!isError(error, "not_found")) throw error;
        });
    },
  });
}

function stateOf({ ssh_key: key }: Answer): Values {
  return {
    name: key.name,
    publicKey: key.public_key,
    fingerprint: key.fingerprint,
    labels: key.labels,
  };
}
