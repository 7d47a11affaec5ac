export { readPreview, type Preview } from "./preview";
export { renderMarkdown } from "./renderMarkdown";
export { renderText } from "./renderText";
export { mayGoOn, reviewOf, type Review } from "./review";
export type { Values } from "./step";
