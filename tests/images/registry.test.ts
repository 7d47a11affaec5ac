import { indexOf } from "../support/registry";

test("an index tells which image is for which architecture", () => {
  const members = [
    { architecture: "amd64", digest: "sha256:aa", size: 10 },
    { architecture: "arm64", digest: "sha256:bb", size: 20 },
  ];
  const { mediaType, manifests } = JSON.parse(indexOf(members)) as {
    readonly mediaType: string;
    readonly manifests: readonly object[];
  };
  expect(mediaType).toBe("application/vnd.docker.distribution.manifest.list.v2+json");
  expect(manifests).toEqual([
    expect.objectContaining({
      digest: "sha256:aa",
      size: 10,
      platform: { architecture: "amd64", os: "linux" },
    }),
    expect.objectContaining({
      digest: "sha256:bb",
      size: 20,
      platform: { architecture: "arm64", os: "linux", variant: "v8" },
    }),
  ]);
});
