import type { Rule } from "../../policies/rule";
import { judge, type Finding } from "./policies";
import type { RequestedResource } from "./requestRecorder";

interface Case {
  readonly resources: readonly RequestedResource[];
  /** What the owner of the stack has set of the rule. */
  readonly set?: Readonly<Record<string, unknown>>;
}

/** Resources by themselves, or with what is set of the rule. */
type Told = readonly RequestedResource[] | Case;

interface Spec {
  /** What the rule lets pass. */
  readonly passes: Readonly<Record<string, Told>>;
  /** What it refuses, with a part of what it then says: each way to break it. */
  readonly refuses: Readonly<Record<string, readonly [told: Told, says: string]>>;
  /** What it cannot judge in a preview, and does not let pass in silence. */
  readonly leavesOpen?: Readonly<Record<string, Told>>;
}

/** The tests of one rule. */
export function specify(rule: Rule, { passes, refuses, leavesOpen = {} }: Spec): void {
  const found = (told: Told): Promise<Finding[]> => {
    const { resources, set }: Case = "resources" in told ? told : { resources: told };
    return judge([rule], resources, set === undefined ? {} : { [rule.name]: set });
  };

  describe(rule.name, () => {
    it.each(Object.entries(passes))("lets pass %s", async (_, told) => {
      expect(await found(told)).toEqual([]);
    });

    it.each(Object.entries(refuses))("refuses %s", async (_, [told, says]) => {
      const finding = expect.objectContaining({
        rule: rule.name,
        level: rule.enforcementLevel === "advisory" ? "warned" : "refused",
        message: expect.stringContaining(says) as unknown,
      }) as Finding;
      const findings = await found(told);
      expect(findings).toContainEqual(finding);
      // What to do is said each time.
      for (const { message } of findings) expect(message).toContain(rule.remediationSteps);
    });

    const open = Object.entries(leavesOpen);
    if (open.length > 0) {
      it.each(open)("leaves open, and says so, %s", async (_, told) => {
        expect(await found(told)).toEqual([
          {
            rule: rule.name,
            level: "unjudged",
            message: expect.stringMatching(/can't be known during preview/) as unknown,
          },
        ]);
      });
    }
  });
}
