import type { Reply } from "./http";

/** The line that no page goes without. */
export const banner = "REHEARSAL — stand-in for Mastodon, no real Mastodon runs here";

/** An HTML page; `body` is markup, `title` plain text. */
export function page(
  title: string,
  body: string,
  status = 200,
  headers: Reply["headers"] = {},
): Reply {
  return {
    status,
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Cache-Control": "private, no-store",
      ...headers,
    },
    body: `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>${escapeHtml(title)}</title><link rel="stylesheet" href="/packs/standin.css"></head>
<body><p class="rehearsal" role="alert">${banner}</p>
${body}
</body>
</html>
`,
  };
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A form that posts back with its authenticity token; `fields` become hidden inputs. */
export function form(
  action: string,
  token: string,
  fields: Readonly<Record<string, string>>,
  inner: string,
): string {
  const hidden = Object.entries({ authenticity_token: token, ...fields })
    .map(
      ([name, value]) =>
        `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
    )
    .join("");
  return `<form method="post" action="${action}" accept-charset="UTF-8">${hidden}${inner}</form>`;
}
