import type { Account, Permission, Zone } from "./account";
import { invalidBody } from "./apiError";
import type { SchemaName } from "./schemas";

export interface Call<Body> {
  readonly account: Account;
  /** What stands for `{zone}` and the like in the path. */
  readonly part: (name: string) => string;
  readonly query: URLSearchParams;
  readonly body: Body;
}

export interface Reply {
  readonly result: unknown;
  readonly result_info?: object;
  readonly messages?: readonly object[];
}

export interface Route {
  readonly method: string;
  /** Such as `/zones/{zone}/settings`. */
  readonly path: string;
  readonly permission?: Permission;
  readonly request?: SchemaName;
  /** The parameters that are played. */
  readonly query?: readonly string[];
  handle(call: Call<unknown>): Reply;
}

type Terms = Pick<Route, "permission" | "request" | "query">;

/** A route whose body has been checked by the schema, which its type here repeats. */
export function route<Body>(
  method: string,
  path: string,
  terms: Terms,
  handle: (call: Call<Body>) => Reply,
): Route {
  return { ...terms, method, path, handle };
}

/** A route of one zone. @param path what follows `/zones/{zone}` */
export function zoneRoute<Body>(
  method: string,
  path: string,
  terms: Terms,
  handle: (zone: Zone, call: Call<Body>) => Reply,
): Route {
  return route<Body>(method, `/zones/{zone}${path}`, terms, (call) =>
    handle(call.account.zone(call.part("zone")), call),
  );
}

/** One page of a list. @param sizes how many a page holds without being asked, and at most */
export function page(
  query: URLSearchParams,
  items: readonly object[],
  sizes: { readonly usual: number; readonly most: number },
): Reply {
  const number = wholeNumber(query, "page", 1);
  const size = Math.min(wholeNumber(query, "per_page", sizes.usual), sizes.most);
  const result = items.slice((number - 1) * size, number * size);
  return {
    result,
    result_info: {
      page: number,
      per_page: size,
      count: result.length,
      total_count: items.length,
      total_pages: Math.ceil(items.length / size),
    },
  };
}

function wholeNumber(query: URLSearchParams, key: string, otherwise: number): number {
  const value = Number(query.get(key) ?? otherwise);
  if (!Number.isInteger(value) || value < 1) throw invalidBody(`${key} must be at least 1`);
  return value;
}
