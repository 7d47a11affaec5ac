import { ApiError } from "./apiError";
import { images, locations, serverTypes } from "./catalogue";
import { named, page, route, type Route } from "./routes";

/** Reading what is on offer. */
export const catalogueRoutes: readonly Route[] = [
  ...offered("locations", "location", locations),
  ...offered("server_types", "server_type", serverTypes),
  ...offered("images", "image", images, (image, query) => {
    const architectures = query.getAll("architecture");
    return architectures.length === 0 || architectures.includes(image.architecture);
  }),
];

function offered<Kind extends { readonly id: number; readonly name: string }>(
  plural: string,
  singular: string,
  items: readonly Kind[],
  wanted: (item: Kind, query: URLSearchParams) => boolean = () => true,
): Route[] {
  return [
    route("GET", `/${plural}`, { response: `list_${plural}_response` }, ({ query }) =>
      page(
        plural,
        query,
        items.filter(named(query)).filter((item) => wanted(item, query)),
      ),
    ),
    route("GET", `/${plural}/{id}`, { response: `get_${singular}_response` }, ({ id }) => {
      const found = items.find((item) => item.id === id);
      if (!found) throw new ApiError(404, "not_found", `${singular} with ID '${id}' not found`);
      return { [singular]: found };
    }),
  ];
}
