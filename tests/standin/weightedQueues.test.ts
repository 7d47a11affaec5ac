import { BootError } from "../support/standin/environment";
import { drawOrder, parseSidekiqArguments } from "../support/standin/weightedQueues";

test("works on the original's queues unless told", () => {
  const names = parseSidekiqArguments([]).queues.map(({ name }) => name);
  expect(names).toEqual(["default", "push", "ingress", "mailers", "pull", "scheduler", "fasp"]);
});

test("reads concurrency and queues", () => {
  const parsed = parseSidekiqArguments(["-c", "7", "-q", "default,8", "--queue=push", "-qpull"]);
  expect(parsed).toEqual({
    concurrency: 7,
    queues: [
      { name: "default", weight: 8 },
      { name: "push", weight: 1 },
      { name: "pull", weight: 1 },
    ],
  });
});

test.each([[["-c", "0"]], [["-c"]], [["-q", "a", "-q", "a"]], [["-q", "a,b"]], [["-x", "1"]]])(
  "refuses %j",
  (args) => {
    expect(() => parseSidekiqArguments(args)).toThrow(BootError);
  },
);

test("keeps the order of queues of one weight, draws otherwise", () => {
  const even = [
    { name: "b", weight: 1 },
    { name: "a", weight: 1 },
  ];
  expect(drawOrder(even)).toEqual(["b", "a"]);
  const uneven = [
    { name: "rare", weight: 1 },
    { name: "often", weight: 9 },
  ];
  const first = Array.from({ length: 1_000 }, () => drawOrder(uneven)[0]);
  const often = first.filter((name) => name === "often").length;
  expect(often).toBeGreaterThan(800);
  expect(often).toBeLessThan(980);
});
