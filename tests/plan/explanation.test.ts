import { explainContainers, explainSizing, makePlan } from "../../plan";
import { configWith, fullest } from "../support/fixtures";

const plan = makePlan(configWith(fullest));

describe("the explanation of a plan", () => {
  const figures = explainSizing(plan.sizing);
  const valueOf = (what: string): string | undefined =>
    figures.find((figure) => figure.what === what)?.value;

  it("has a reason for each figure, and each figure once", () => {
    for (const { what, why } of figures)
      expect({ what, why }).toEqual({ what, why: expect.stringMatching(/\w{3}/) as unknown });
    expect(new Set(figures.map(({ what }) => what)).size).toBe(figures.length);
  });

  it("tells the figures that the containers are made with", () => {
    const { postgres, web, gateway } = plan.containers;
    expect(postgres.command).toContain(`max_connections=${valueOf("max_connections") ?? ""}`);
    expect(web.environment["WEB_CONCURRENCY"]).toBe(valueOf("puma workers"));
    expect(`${gateway.memoryMb} MB`).toBe(valueOf("gateway limit"));
    expect(valueOf("sidekiq federation")).toMatch(/^\d+ MB, \d+ threads$/);
  });

  it("names every container, and every exception from its hardening with the reason", () => {
    const rows = explainContainers(plan);
    const specs = [
      plan.containers.postgres,
      plan.containers.redis,
      plan.containers.web,
      plan.containers.gateway,
    ];
    for (const { part, exceptions } of specs)
      expect(rows.find(({ name }) => name === part)?.exceptions).toHaveLength(exceptions.length);
    expect(rows.flatMap(({ exceptions }) => exceptions).join()).toContain("CAP_NET_BIND_SERVICE");
  });
});
