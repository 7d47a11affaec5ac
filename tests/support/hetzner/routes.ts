import type { Action, Item, Project, Store } from "./project";
import { ApiError, invalidField, invalidInput } from "./apiError";

export interface Call<Body> {
  /** From the path; zero where it has none. */
  readonly id: number;
  readonly query: URLSearchParams;
  readonly body: Body;
}

export interface Route {
  readonly method: string;
  /** Such as `/servers/{id}`. */
  readonly path: string;
  /** The status of a good answer. */
  readonly status: number;
  /** Names of the published schemas; without one, a body is ignored, or the answer is empty. */
  readonly request?: string;
  readonly response?: string;
  handle(call: Call<unknown>): unknown;
}

/**
 * A route whose body has been checked by the schema, which its type here repeats.
 * @param status of a good answer: by default what the reference says for the method
 */
export function route<Body>(
  method: string,
  path: string,
  schemas: { readonly request?: string; readonly response?: string; readonly status?: number },
  handle: (call: Call<Body>) => unknown,
): Route {
  const usual = method === "POST" ? 201 : schemas.response === undefined ? 204 : 200;
  return { status: usual, ...schemas, method, path, handle };
}

export type Labels = Readonly<Record<string, string>>;

const labelKey =
  /^([a-z0-9A-Z]([-_.a-z0-9A-Z]{0,253}[a-z0-9A-Z])?\/)?[a-z0-9A-Z]([-_.a-z0-9A-Z]{0,61}[a-z0-9A-Z])?$/;

/** @throws for keys that are no label keys; values are checked by the schema */
export function checkLabels(labels: Labels = {}): Labels {
  const wrong = Object.keys(labels).filter((key) => !labelKey.test(key));
  if (wrong.length > 0)
    throw invalidInput({
      name: "labels",
      messages: wrong.map((key) => `invalid label key ${key}`),
    });
  return labels;
}

interface Collection<Kind extends Item> {
  readonly project: Project;
  readonly store: Store<Kind>;
  /** As in `/ssh_keys` and `{"ssh_key": …}`. */
  readonly plural: string;
  readonly singular: string;
  readonly present: (item: Kind) => object;
}

/** What can be changed of anything, and of some things only; the schema tells which. */
export interface Update {
  readonly name?: string;
  readonly labels?: Labels;
  readonly auto_delete?: boolean;
  readonly expose_routes_to_vswitch?: boolean;
}

/** Listing by name, reading and renaming: alike for everything. */
export function collection<Kind extends Item>(
  { store, plural, singular, present }: Collection<Kind>,
  change: (item: Kind, update: Update) => void = () => undefined,
): Route[] {
  return [
    route("GET", `/${plural}`, { response: `list_${plural}_response` }, ({ query }) =>
      page(plural, query, store.all().filter(named(query)).map(present)),
    ),
    route("GET", `/${plural}/{id}`, { response: `get_${singular}_response` }, ({ id }) => ({
      [singular]: present(store.get(id)),
    })),
    route<Update>(
      "PUT",
      `/${plural}/{id}`,
      { request: `replace_${singular}_request`, response: `replace_${singular}_response` },
      ({ id, body }) => {
        const item = store.get(id);
        if (body.name !== undefined) store.expectFreeName(body.name, id);
        const labels = body.labels && checkLabels(body.labels);
        change(item, body);
        item.name = body.name ?? item.name;
        item.labels = labels ?? item.labels;
        return { [singular]: present(item) };
      },
    ),
  ];
}

export function named(query: URLSearchParams): (item: { readonly name: string }) => boolean {
  const name = query.get("name");
  return (item) => name === null || item.name === name;
}

/** One page of a list. Without being asked, a page holds 25, as the reference says. */
export function page(plural: string, query: URLSearchParams, items: readonly object[]): object {
  const number = wholeNumber(query, "page", 1);
  const size = Math.min(wholeNumber(query, "per_page", 25), 50);
  const last = Math.max(1, Math.ceil(items.length / size));
  return {
    [plural]: items.slice((number - 1) * size, number * size),
    meta: {
      pagination: {
        page: number,
        per_page: size,
        previous_page: number > 1 ? number - 1 : null,
        next_page: number < last ? number + 1 : null,
        last_page: last,
        total_entries: items.length,
      },
    },
  };
}

function wholeNumber(query: URLSearchParams, key: string, otherwise: number): number {
  const value = Number(query.get(key) ?? otherwise);
  if (!Number.isInteger(value) || value < 1) throw invalidField(key, "must be greater than 0");
  return value;
}

export function presentAction({ ...action }: Action): object {
  return action;
}

/** Reading actions. Each look at one that is under way finds it a little further. */
export function actionRoutes(project: Project): Route[] {
  const look = (action: Action): object => {
    if (action.status === "running") action.progress = Math.min(95, action.progress + 10);
    return presentAction(action);
  };
  return [
    route("GET", "/actions", { response: "list_actions_response" }, ({ query }) => {
      const ids = query.getAll("id").map(Number);
      // Without ids the reference has had no list since 2025.
      if (ids.length === 0) throw new ApiError(410, "deprecated_api_endpoint", "id is required");
      const found = ids.flatMap((id) => project.actions.get(id) ?? []);
      return page("actions", query, found.map(look));
    }),
    route("GET", "/actions/{id}", { response: "get_action_response" }, ({ id }) => {
      const action = project.actions.get(id);
      if (!action) throw new ApiError(404, "not_found", `action with ID '${id}' not found`);
      return { action: look(action) };
    }),
  ];
}
