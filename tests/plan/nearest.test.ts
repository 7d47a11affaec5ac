import fc from "fast-check";
import { ConfigSchema } from "../../plan/configSchema";
import { nearest } from "../../plan/nearest";

const known = Object.keys(ConfigSchema.shape);

it.each([
  ["domian", "domain"],
  ["doman", "domain"],
  ["DOMAIN", "domain"],
  ["web-domain", "webDomain"],
  ["web_domain", "webDomain"],
  ["enviroment", "environment"],
  ["registration", "registrations"],
  ["sidekick", "sidekiq"],
  ["smpt", "smtp"],
  ["egde", "edge"],
  ["Dns", "dns"],
])("takes %s for %s", (word, expected) => {
  expect(nearest(word, known)).toBe(expected);
});

it.each(["theme", "x", "", "objectStorage", "cloudflare"])("makes no guess at %p", (word) => {
  expect(nearest(word, known)).toBeUndefined();
});

it("makes no guess where nothing is known", () => {
  expect(nearest("domain", [])).toBeUndefined();
});

it("knows each word with one letter added, dropped, changed or swapped", () => {
  const slip = fc
    .tuple(
      fc.constantFrom(...known.filter((word) => word.length > 4)),
      fc.nat(),
      fc.constantFrom(...(["add", "drop", "change", "swap"] as const)),
    )
    .map(([word, at, kind]) => {
      const i = at % (word.length - 1);
      const [before, letter, next, after] = [
        word.slice(0, i),
        word[i],
        word[i + 1],
        word.slice(i + 2),
      ];
      const slips = {
        add: `${before}z${letter}${next}${after}`,
        drop: `${before}${next}${after}`,
        change: `${before}z${next}${after}`,
        swap: `${before}${next}${letter}${after}`,
      };
      return { word, slipped: slips[kind] };
    })
    // `image` and `images` are one letter apart, so one letter more may make either.
    .filter(({ word }) => !word.startsWith("image"));
  fc.assert(
    fc.property(slip, ({ word, slipped }) => {
      expect(nearest(slipped, known)).toBe(word);
    }),
  );
});
