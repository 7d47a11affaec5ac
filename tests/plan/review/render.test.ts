import { renderMarkdown, renderText, type Review } from "../../../plan/review";
import { escaped } from "../../../plan/review/renderMarkdown";

/** Everything that Markdown, HTML or GitHub could take for something else. */
const hostile = "a|b <img src=x> @team #12 *c* _d_ `e` [f](g) ~h~ \\ & end\nnext";

const nothing: Review = {
  stack: "prod",
  verdict: "unchanged",
  changes: [],
  interruptions: [],
  outages: [],
  risks: [],
  violations: [],
  images: [],
  memory: {},
  notes: [],
  faults: [],
  complete: true,
};

/** One that has something to say of everything, each time the same. */
const everything = (text: string): Review => ({
  stack: "prod",
  verdict: "refused",
  changes: [{ how: "replaced", part: text, name: text, why: [text] }],
  interruptions: [
    { part: text, services: ["web", "streaming", "sidekiq"], seconds: 420, why: text },
    { part: text, services: ["web"], why: text },
  ],
  outages: [{ services: ["web", "streaming", "sidekiq"], seconds: 420 }],
  risks: [
    {
      name: text,
      part: text,
      what: text,
      remedy: text,
      acknowledgeable: true,
      acknowledged: false,
      upStops: text,
    },
  ],
  violations: [{ policy: text, level: "mandatory", resource: text, message: text }],
  images: [
    {
      name: text,
      key: text,
      before: `a:${text}`,
      after: `b:${text}`,
      kind: "patch",
      links: [{ title: text, url: `https://example.org/(${text})` }],
    },
  ],
  memory: {
    before: { limitsMb: 1000, machineMb: 4096 },
    after: { limitsMb: 2000, machineMb: 8192 },
  },
  costs: {
    before: { items: [{ what: text, euros: 1 }], sum: 1 },
    after: { items: [{ what: text, euros: 2 }], sum: 2 },
  },
  notes: [text],
  faults: [text],
  complete: false,
});

const lines = (text: string): string[] => text.split("\n");

describe("as Markdown", () => {
  const plain = renderMarkdown(everything("plain"));
  const tricky = renderMarkdown(everything(hostile));

  it("begins with the verdict in one line, and folds what can be looked up", () => {
    const [title, blank, verdict] = lines(plain);
    expect(title).toBe("### Review of <code>prod</code>");
    expect(blank).toBe("");
    expect(verdict).toBe(
      "**REFUSED: plain, policy plain.** Interrupts everything for at most 7 minutes.",
    );
    const folded = [...plain.matchAll(/<details><summary>(.*)<\/summary>/g)].map(
      ([, each]) => each,
    );
    expect(folded).toEqual([
      "What happens: 1 replaced",
      "Images: plain",
      "Cost: 2.00 € a month (plain); before: 1.00 €",
    ]);
  });

  it("is one line where nothing changes", () => {
    expect(lines(renderMarkdown(nothing)).filter((line) => line !== "")).toEqual([
      "### Review of <code>prod</code>",
      "**Nothing changes.**",
    ]);
  });

  it.each([
    ["plain values", plain],
    ["values that look like Markdown", tricky],
  ])("has whole tables with %s", (_what, text) => {
    const rows = lines(text).filter((line) => line.startsWith("|"));
    const cells = rows.map((row) => row.split("|").length);
    const separators = rows.filter((row) => /^\|( --- \|)+$/.test(row));
    expect(separators).toHaveLength(6);
    let width = 0;
    rows.forEach((row, index) => {
      if (/^\|( --- \|)+$/.test(rows[index + 1] ?? "")) width = cells[index] ?? 0;
      expect({ row, cells: cells[index] }).toEqual({ row, cells: width });
    });
  });

  it("leaves a blank line on either side of tables and of what is folded, as GitHub wants it", () => {
    const all = lines(tricky);
    all.forEach((line, index) => {
      const before = all[index - 1] ?? "";
      if (line.startsWith("|") && !before.startsWith("|")) expect(before).toBe("");
      if (before.startsWith("|") && !line.startsWith("|")) expect(line).toBe("");
      if (before.startsWith("<details>") || line === "</details>")
        expect(all[index + (line === "</details>" ? -1 : 0)]).toBe("");
    });
  });

  it("shows values as they are: no tag, no mention, no reference, no emphasis", () => {
    const shown = tricky.replaceAll(/\]\(https:[^)]*\)/g, "");
    expect(shown).not.toMatch(/<img|@team|(?<!&)#12|\*c|_d|`e|\[f/);
    expect(escaped(hostile)).toBe(
      "a&#124;b &#60;img src=x&#62; @&#8203;team #&#8203;12 &#42;c&#42; &#95;d&#95; &#96;e&#96; &#91;f&#93;(g) &#126;h&#126; &#92; &#38; end<br>next",
    );
  });

  it("links nowhere but where it says", () => {
    const [, target] = /\]\((https:\/\/example\.org\/[^)]*)\)/.exec(tricky) ?? [];
    expect(target).not.toMatch(/[\s|<>()]/);
  });
});

describe("as text", () => {
  it("begins with the verdict", () => {
    expect(lines(renderText(everything("plain")))[0]).toBe("prod: REFUSED: plain, policy plain.");
    expect(renderText(nothing)).toBe("prod: Nothing changes.");
  });

  it("says all that Markdown says", () => {
    const text = renderText(everything("plain"));
    for (const said of [
      "7 minutes",
      "2000 of 8192 MB",
      "2.00 €",
      "example.org",
      "did not come to its end",
    ])
      expect(text).toContain(said);
  });
});
