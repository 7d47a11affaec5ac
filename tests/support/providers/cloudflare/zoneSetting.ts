import type { Fields } from "../schema";
import type { Resource } from "../serve";
import { defined, text, type Value, type Values } from "../values";
import type { Client } from "./client";
import { completed, identifier, output, unsupported } from "./fields";

const fields: Fields = {
  zoneId: identifier,
  settingId: identifier,
  value: { kind: "any", required: true },
  // Of the one setting that has no value.
  enabled: unsupported,
  editable: output,
  modifiedOn: output,
  timeRemaining: output,
};

interface Setting {
  readonly value: Value;
  readonly editable: boolean;
  readonly modified_on: string | null;
}

/**
 * `cloudflare.ZoneSetting`, after `zone_setting/resource.go`: its id is the setting's name. To create it is to change the
 * setting, to delete it does nothing: the setting stays as it is.
 */
export function zoneSetting(client: Client): Resource {
  const address = ({ zoneId, settingId }: Values): string =>
    `/zones/${text(zoneId)}/settings/${text(settingId)}`;
  const change = async (planned: Values, signal: AbortSignal): Promise<Values> => {
    const body = { value: planned["value"] };
    const answer = await client.send<Setting>(signal, "PATCH", address(planned), body);
    return completed(fields, planned, stateOf(answer));
  };
  return {
    fields,
    async create(planned, { signal }) {
      return { id: text(planned["settingId"]), state: await change(planned, signal) };
    },
    async read(_id, state, { signal }) {
      const found = await client.find<Setting>(signal, address(state));
      const { zoneId, settingId } = state;
      return found && defined({ zoneId, settingId, ...stateOf(found) });
    },
    update: (_id, _old, planned, { signal }) => change(planned, signal),
    delete: () => Promise.resolve(),
  };
}

function stateOf({ value, editable, modified_on }: Setting): Values {
  return defined({ value, editable, modifiedOn: modified_on });
}
