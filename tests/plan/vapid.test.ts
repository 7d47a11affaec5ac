import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import fc from "fast-check";
import { deriveVapidKeys } from "../../plan";

const order = BigInt("0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
const hex = (value: bigint): string => value.toString(16).padStart(64, "0");
const scalarHex = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }).map(hex);

const bytesOf = (text: string): Buffer => Buffer.from(text, "base64url");

/** The pair as node's own key objects take it, which check that the point belongs to the scalar. */
function keyObjects({ privateKey, publicKey }: ReturnType<typeof deriveVapidKeys>) {
  const point = bytesOf(publicKey);
  const jwk = {
    kty: "EC",
    crv: "P-256",
    d: bytesOf(privateKey).toString("base64url"),
    x: point.subarray(1, 33).toString("base64url"),
    y: point.subarray(33).toString("base64url"),
  };
  const { d: _d, ...publicJwk } = jwk;
  return {
    privateKey: createPrivateKey({ key: jwk, format: "jwk" }),
    publicKey: createPublicKey({ key: publicJwk, format: "jwk" }),
  };
}

describe("a VAPID key pair", () => {
  it("has the lengths, padding and alphabet that Mastodon reads", () => {
    fc.assert(
      fc.property(scalarHex, (scalar) => {
        const { privateKey, publicKey } = deriveVapidKeys(scalar);
        expect(privateKey).toMatch(/^[\w-]{43}=$/);
        expect(publicKey).toMatch(/^[\w-]{87}=$/);
        expect(bytesOf(privateKey)).toHaveLength(32);
        expect(bytesOf(publicKey)).toHaveLength(65);
        expect(bytesOf(publicKey)[0]).toBe(4);
      }),
    );
  });

  it("is one by node's own reckoning: the public key derived from the private one is the same", () => {
    fc.assert(
      fc.property(scalarHex, (scalar) => {
        const keys = keyObjects(deriveVapidKeys(scalar));
        const derived = createPublicKey(keys.privateKey).export({ format: "jwk" });
        expect(derived).toEqual(keys.publicKey.export({ format: "jwk" }));
      }),
      { numRuns: 50 },
    );
  });

  it("signs what its other half verifies", () => {
    fc.assert(
      fc.property(scalarHex, fc.uint8Array(), (scalar, message) => {
        const { privateKey, publicKey } = keyObjects(deriveVapidKeys(scalar));
        expect(verify("sha256", message, publicKey, sign("sha256", message, privateKey))).toBe(
          true,
        );
      }),
      { numRuns: 50 },
    );
  });

  it.each([0, 1, 2, 31])(
    "keeps its length where the scalar begins with zeros, value %i",
    (value) => {
      const { privateKey, publicKey } = deriveVapidKeys(hex(BigInt(value)));

      expect(bytesOf(privateKey).toString("hex")).toBe(hex(BigInt(value + 1)));
      expect(privateKey).toHaveLength(44);
      expect(publicKey).toHaveLength(88);
      expect(() => keyObjects({ privateKey, publicKey })).not.toThrow();
    },
  );

  it("of the scalar 1 is the curve's base point (FIPS 186-4, D.1.2.3)", () => {
    expect(bytesOf(deriveVapidKeys(hex(0n)).publicKey).toString("hex")).toBe(
      "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296" +
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
    );
  });

  it.each([
    ["the order less one", order - 1n],
    ["the order", order],
    ["the order and one", order + 1n],
    ["the most that 32 bytes hold", 2n ** 256n - 1n],
  ])("is in the curve's range for %s", (_name, value) => {
    const { privateKey } = deriveVapidKeys(hex(value));
    const scalar = BigInt(`0x${bytesOf(privateKey).toString("hex")}`);
    expect(scalar).toBeGreaterThan(0n);
    expect(scalar).toBeLessThan(order);
  });

  it("is the same for the same bytes, and another for others", () => {
    expect(deriveVapidKeys(hex(7n))).toEqual(deriveVapidKeys(hex(7n)));
    expect(deriveVapidKeys(hex(7n))).not.toEqual(deriveVapidKeys(hex(8n)));
  });

  it.each([
    "",
    "00",
    "g".repeat(64),
    "A".repeat(64),
    "0".repeat(63),
    "0".repeat(65),
    `${"0".repeat(64)}\n`,
  ])("is not made of %p", (text) => {
    expect(() => deriveVapidKeys(text)).toThrow("32 bytes in hexadecimal");
  });
});
