import { readFile } from "node:fs/promises";
import path from "node:path";
import { mediaRoot } from "./api";
import { home } from "./home";
import type { Reply } from "./http";

const types: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".gif": "image/gif",
  ".jpg": "image/jpeg",
  ".png": "image/png",
  ".txt": "text/plain",
  ".webp": "image/webp",
};

/** A file of `public/` or of the uploads, with the original's cache headers; nothing when there is none. */
export async function staticFile(urlPath: string): Promise<Reply | undefined> {
  const isUpload = urlPath.startsWith("/system/");
  const root = isUpload ? mediaRoot() : path.join(home, "public");
  const file = path.join(root, decode(isUpload ? urlPath.slice("/system".length) : urlPath));
  if (!file.startsWith(`${root}/`)) return undefined;
  const type = types[path.extname(file)];
  if (type === undefined) return undefined;
  const body = await readFile(file).catch(() => undefined);
  if (body === undefined) return undefined;
  const maxAge = "public, max-age=2419200";
  return {
    status: 200,
    headers: {
      "Content-Type": type,
      "X-Content-Type-Options": "nosniff",
      "Cache-Control": isUpload ? `${maxAge}, immutable` : `${maxAge}, must-revalidate`,
      ...(isUpload && { "Content-Security-Policy": "default-src 'none'; form-action 'none'" }),
    },
    body,
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
