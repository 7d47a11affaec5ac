/** How long whoever was turned away should wait before asking again, in seconds. */
export const retrySeconds = 60;

const sentence = "Mastodon is being worked on, and will be back soon.";

/** What programs are told while web gives no answer, in the form in which Mastodon's API tells of errors. */
export const maintenanceError = JSON.stringify({ error: sentence });

/** What people see while web gives no answer. It asks for nothing else, which could not be had either. */
export const maintenancePage = (host: string): string =>
  [
    "<!doctype html>",
    '<html lang="en">',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width">',
    `<meta http-equiv="refresh" content="${retrySeconds}">`,
    `<title>${host}</title>`,
    "<style>",
    "body { font: 1.1rem/1.6 system-ui, sans-serif; margin: 20vh auto; max-width: 32rem; padding: 0 1rem; text-align: center; }",
    "@media (prefers-color-scheme: dark) { body { background: #191b22; color: #d9e1e8; } }",
    "</style>",
    `<h1>${host}</h1>`,
    `<p>${sentence} This page looks again by itself.</p>`,
    "</html>",
  ].join("");
