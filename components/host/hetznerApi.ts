import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, askApi, usualTries, type ApiAnswer, type ApiRequest } from "../restApi";

/** What a token of a project at Hetzner looks like. */
export const tokenShape = /^[0-9A-Za-z]{64}$/;

/** How a project at Hetzner is asked, apart from any resource. */
export interface HetznerProject {
  readonly token: string;
  /** Absent: Hetzner's own. */
  readonly baseUrl?: string | undefined;
}

/** Work that goes on after the answer: https://docs.hetzner.cloud/reference/cloud#actions */
interface Action {
  readonly id: number;
  readonly status: "running" | "success" | "error";
  readonly error: { readonly message: string } | null;
}

interface Body {
  readonly action?: Action;
  readonly actions?: readonly Action[];
  readonly volume?: { readonly server: number | null };
  readonly error?: { readonly code: string; readonly message: string };
}

const home = "https://api.hetzner.cloud/v1";

/** Two minutes and more: whatever is being made is locked until it is done, a server for up to one. */
const triesWhileLocked = 40;
const looksAtAction = 120;

/** Where a project is asked through; tried again where Hetzner is at work on what is asked about, or ill for a moment. */
export class HetznerApi {
  constructor(private readonly project: HetznerProject) {}

  /** What of a kind has that name. @throws ApiError */
  async named<Item>(kind: string, name: string): Promise<Item[]> {
    const query = new URLSearchParams({ name }).toString();
    const { body } = await this.ask({ method: "GET", path: `/${kind}?${query}` });
    return (body as Readonly<Record<string, Item[]>>)[kind] ?? [];
  }

  /** Of a server. @throws ApiError */
  liftProtection(path: string): Promise<void> {
    const body = { delete: false, rebuild: false };
    return this.order({ method: "POST", path: `${path}/actions/change_protection`, body });
  }

  /** @throws ApiError */
  remove(path: string): Promise<void> {
    return this.order({ method: "DELETE", path });
  }

  /** The server that has a volume, once nothing is at work on it any more; null: none. @throws ApiError */
  async holderOf(volume: number): Promise<number | null> {
    const path = `/volumes/${volume}`;
    const { actions = [] } = await this.read(`${path}/actions?status=running`);
    for (const action of actions) await this.ended(action);
    return (await this.read(path)).volume?.server ?? null;
  }

  /** @throws ApiError */
  detach(volume: number): Promise<void> {
    return this.order({ method: "POST", path: `/volumes/${volume}/actions/detach` });
  }

  /** Ends once it is done, which an action may tell. What is gone already is no failure. */
  private async order(request: ApiRequest): Promise<void> {
    try {
      const { action } = (await this.ask(request)).body as Body;
      const ended = action && (await this.ended(action));
      if (ended?.status === "error") throw new ApiError(0, ended.error?.message ?? "it failed");
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
  }

  private async ended(begun: Action): Promise<Action | undefined> {
    let action: Action | undefined = begun;
    for (let looks = 1; action?.status === "running"; looks += 1) {
      if (looks > looksAtAction) throw new ApiError(0, "it takes longer than two minutes");
      await sleep(1_000);
      ({ action } = await this.read(`/actions/${begun.id}`));
    }
    return action;
  }

  private async read(path: string): Promise<Body> {
    return (await this.ask({ method: "GET", path })).body as Body;
  }

  private async ask(request: ApiRequest): Promise<ApiAnswer> {
    const { token, baseUrl = home } = this.project;
    const answer = await askApi({ token, baseUrl }, request, triesFor);
    if (answer.ok) return answer;
    const { error } = answer.body as Body;
    throw new ApiError(answer.status, error?.message ?? `it answered ${answer.status}`);
  }
}

function triesFor({ status, body }: ApiAnswer): number {
  if ((body as Body).error?.code === "locked") return triesWhileLocked;
  return status === 409 || status === 429 || status >= 500 ? usualTries : 1;
}
