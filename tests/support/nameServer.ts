import { createSocket, type Socket } from "node:dgram";

const headerLength = 12;
const answered = 0x8180;
const unknownName = 0x8183;
const typeA = 1;

/**
 * Knows the addresses of a few names, and of no other that there is one: the least that a resolver asks for.
 *
 * @param addresses name → IPv4 address
 */
export async function startNameServer(
  address: string,
  addresses: Readonly<Record<string, string>>,
): Promise<{ close(): void }> {
  const socket = createSocket("udp4");
  socket.on("message", (query, from) =>
    socket.send(answerTo(query, addresses), from.port, from.address),
  );
  await bound(socket, address);
  return { close: () => socket.close() };
}

const bound = (socket: Socket, address: string): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(53, address, () => resolve());
  });

/** See RFC 1035, section 4.1. */
function answerTo(query: Buffer, addresses: Readonly<Record<string, string>>): Buffer {
  const { name, end } = nameIn(query);
  const question = query.subarray(headerLength, end + 4);
  const address = addresses[name.toLowerCase()];
  const wanted = query.readUInt16BE(end) === typeA ? address : undefined;
  const header = Buffer.alloc(headerLength);
  header.writeUInt16BE(query.readUInt16BE(0), 0);
  header.writeUInt16BE(address === undefined ? unknownName : answered, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(wanted === undefined ? 0 : 1, 6);
  return Buffer.concat([header, question, ...(wanted === undefined ? [] : [record(wanted)])]);
}

function nameIn(query: Buffer): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = headerLength;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString("ascii", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join("."), end: at + 1 };
}

/** An address of the name that was asked for, good for a second. */
const record = (address: string): Buffer =>
  Buffer.from([
    0xc0,
    headerLength,
    0,
    typeA,
    0,
    1,
    0,
    0,
    0,
    1,
    0,
    4,
    ...address.split(".").map(Number),
  ]);
